using System.Text;

namespace NetDeploy.Protocols.Tftp;

/// <summary>The names that firmware asks by: <c>\EFI\x</c>, <c>//grubx64.efi</c>, <c>./x</c> and bare ones are one file each.</summary>
public static class TftpFileName
{
    /// <summary>Longer than any path the kernel opens.</summary>
    public const int MaxLength = 1024;

    /// <summary>
    /// Segments joined by one <c>/</c>, without a leading one. <c>..</c> is kept: only the kernel can say where it leads.
    /// False for a name that no file here can have: empty, too long, or with a control character (it would also forge log lines).
    /// </summary>
    public static bool TryNormalise(string name, out string path)
    {
        path = "";
        if (name.Length > MaxLength || name.Any(char.IsControl))
        {
            return false;
        }

        var result = new StringBuilder(name.Length);
        foreach (var segment in name.Split('/', '\\'))
        {
            if (segment is "" or ".")
            {
                continue;
            }

            if (result.Length > 0)
            {
                result.Append('/');
            }

            result.Append(segment);
        }

        path = result.ToString();
        return path.Length > 0;
    }
}
