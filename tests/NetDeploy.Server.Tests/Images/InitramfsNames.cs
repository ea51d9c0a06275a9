using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace NetDeploy.Server.Tests.Images;

/// <summary>
/// The file names in an initramfs: newc cpio archives one after another (the kernel's buffer-format.rst), the last
/// one compressed by zstd.
/// </summary>
internal static class InitramfsNames
{
    private const int HeaderBytes = 110;

    public static string[] Read(string path)
    {
        var bytes = File.ReadAllBytes(path);
        var names = new List<string>();
        var at = Archive(bytes, 0, names);
        Assert.True(bytes.AsSpan(at, 4).SequenceEqual((byte[])[0x28, 0xb5, 0x2f, 0xfd]), "the initramfs is not compressed by zstd");
        Archive(Unpack(path, at), 0, names);
        return [.. names];
    }

    private static int Archive(byte[] bytes, int at, List<string> names)
    {
        while (at + HeaderBytes < bytes.Length)
        {
            if (bytes[at] == 0)
            {
                at += 4;
                continue;
            }

            if (!bytes.AsSpan(at, 6).SequenceEqual("070701"u8))
            {
                break;
            }

            var (size, nameSize) = (Field(bytes, at, 6), Field(bytes, at, 11));
            var name = Encoding.ASCII.GetString(bytes, at + HeaderBytes, nameSize - 1);
            at = Align(Align(at + HeaderBytes + nameSize) + size);
            if (name != "TRAILER!!!")
            {
                names.Add(name);
            }
        }

        return at;
    }

    private static int Field(byte[] bytes, int at, int field) =>
        int.Parse(Encoding.ASCII.GetString(bytes, at + 6 + (8 * field), 8), NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static int Align(int at) => (at + 3) & ~3;

    private static byte[] Unpack(string path, int offset)
    {
        using var zstd = Process.Start(new ProcessStartInfo("sh", ["-c", "tail -c \"+$2\" \"$1\" | zstd -dc", "sh", path, $"{offset + 1}"])
        {
            RedirectStandardOutput = true,
        })!;
        using var unpacked = new MemoryStream();
        zstd.StandardOutput.BaseStream.CopyTo(unpacked);
        zstd.WaitForExit();
        Assert.Equal(0, zstd.ExitCode);
        return unpacked.ToArray();
    }
}
