using System.Buffers.Binary;

namespace NetDeploy.Cli.Lab.Net;

/// <summary>
/// The switch port between the server's untagged interface and the lab's wire: one tag goes on, and comes off. In a process, because kernels
/// made for containers often know no VLANs. The bridge passes tagged frames as they are, and no interface of this host takes them.
/// </summary>
internal sealed class VlanTagger : IDisposable
{
    private const int Addresses = 12;
    private const int TagLength = 4;
    private const ushort Tagged = 0x8100;
    private const int LongestFrame = 65_536;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);

    private readonly ushort _id;
    private readonly FileStream _untagged;
    private readonly FileStream _trunk;

    private VlanTagger(int id, FileStream untagged, FileStream trunk) => (_id, _untagged, _trunk) = ((ushort)id, untagged, trunk);

    public static VlanTagger Open(LabNetwork network, LabVlan vlan) => new(vlan.Id, Tap.Open(network, vlan.Interface()), Tap.Open(network, vlan.Trunk()));

    /// <summary>Carries frames until cancelled, on a thread of its own.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Task.Factory.StartNew(
        () => Carry(cancellationToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    public void Dispose()
    {
        _untagged.Dispose();
        _trunk.Dispose();
    }

    /// <summary>The frame with its tag; what is no frame is dropped.</summary>
    internal static byte[]? Tag(ReadOnlySpan<byte> frame, ushort id)
    {
        if (frame.Length < Addresses + 2)
        {
            return null;
        }

        var tagged = new byte[frame.Length + TagLength];
        frame[..Addresses].CopyTo(tagged);
        BinaryPrimitives.WriteUInt16BigEndian(tagged.AsSpan(Addresses), Tagged);
        BinaryPrimitives.WriteUInt16BigEndian(tagged.AsSpan(Addresses + 2), id);
        frame[Addresses..].CopyTo(tagged.AsSpan(Addresses + TagLength));
        return tagged;
    }

    /// <summary>The frame without its tag; null where it has none, or another one.</summary>
    internal static byte[]? Untag(ReadOnlySpan<byte> frame, ushort id)
    {
        if (frame.Length < Addresses + TagLength + 2
            || BinaryPrimitives.ReadUInt16BigEndian(frame[Addresses..]) != Tagged
            || (BinaryPrimitives.ReadUInt16BigEndian(frame[(Addresses + 2)..]) & 0xFFF) != id)
        {
            return null;
        }

        return [.. frame[..Addresses], .. frame[(Addresses + TagLength)..]];
    }

    private void Carry(CancellationToken cancellationToken)
    {
        var frame = new byte[LongestFrame];
        while (!cancellationToken.IsCancellationRequested)
        {
            var (fromServer, fromWire) = Tap.Wait(_untagged, _trunk, Look);
            if (fromServer && Tag(frame.AsSpan(0, _untagged.Read(frame)), _id) is { } tagged)
            {
                _trunk.Write(tagged);
            }

            if (fromWire && Untag(frame.AsSpan(0, _trunk.Read(frame)), _id) is { } plain)
            {
                _untagged.Write(plain);
            }
        }
    }
}
