namespace NetDeploy.Server.Images;

/// <summary>Reads a source and copies each byte read to a sink: one pass for two readers. Owns neither.</summary>
internal sealed class TeeStream(Stream source, Stream sink, long maximumBytes) : Stream
{
    private long _bytes;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        var count = source.Read(buffer);
        _bytes += count;
        if (_bytes > maximumBytes)
        {
            throw new InvalidDataException($"The unpacked image is larger than {maximumBytes} bytes.");
        }

        sink.Write(buffer[..count]);
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush() => sink.Flush();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
