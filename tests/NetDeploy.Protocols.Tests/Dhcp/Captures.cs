using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using NetDeploy.Protocols.Dhcp;

namespace NetDeploy.Protocols.Tests.Dhcp;

/// <summary>Packets in hex with comments, each with its readable parse beside it.</summary>
internal static class Captures
{
    public static readonly string[] Names = ["bios-pxe", "ovmf-pxe", "ovmf-http", "ipxe", "udhcpc"];

    public static byte[] Read(string name) =>
        Convert.FromHexString(string.Concat(
            File.ReadLines(Path(name + ".hex")).Where(l => !l.StartsWith('#')).Select(l => l.Replace(" ", "", StringComparison.Ordinal))));

    public static string Path(string file) => System.IO.Path.Combine(System.IO.Path.GetDirectoryName(Here())!, "Captures", file);

    /// <summary>What the codec and its accessors see, one line each.</summary>
    public static string Describe(DhcpPacket p)
    {
        var text = new StringBuilder();
        void Line(string name, object? value)
        {
            if (value is not (null or ""))
            {
                text.Append(CultureInfo.InvariantCulture, $"{name}: {value}\n");
            }
        }

        Line("op", p.Op);
        Line("type", p.MessageType);
        Line("xid", p.TransactionId.ToString("x8", CultureInfo.InvariantCulture));
        Line("secs", p.Seconds);
        Line("broadcast", p.WantsBroadcast);
        Line("mac", p.Mac);
        Line("ciaddr", p.ClientAddress);
        Line("giaddr", p.RelayAddress);
        var o = p.Options;
        Line("requested", o.RequestedAddress);
        Line("server", o.ServerIdentifier);
        Line("max size", o.MaxMessageSize);
        Line("vendor class", o.VendorClass);
        Line("user classes", string.Join(" | ", o.UserClasses));
        Line("host name", o.HostName);
        Line("client id", o.ClientIdentifier);
        Line("architectures", string.Join(",", o.ClientArchitectures));
        Line("undi", o.ClientNetworkInterface);
        Line("uuid", o.ClientMachineIdentifier);
        Line("circuit", o.CircuitId);
        Line("remote", o.RemoteId);
        Line("link", o.LinkSelection);
        Line("options", string.Join(" ", o.All.Select(x => $"{(byte)x.Code}/{x.Value.Length}")));
        return text.ToString();
    }

    private static string Here([CallerFilePath] string path = "") => path;
}
