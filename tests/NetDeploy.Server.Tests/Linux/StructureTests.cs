using System.Runtime.InteropServices;
using NetDeploy.Server.Linux;

namespace NetDeploy.Server.Tests.Linux;

/// <summary>Offsets of if_arp.h: a gap would hide the interface's name from the kernel.</summary>
public sealed class StructureTests
{
    [Theory]
    [InlineData(nameof(LibC.ArpRequest.HardwareFamily), 16)]
    [InlineData(nameof(LibC.ArpRequest.Flags), 32)]
    [InlineData(nameof(LibC.ArpRequest.Mask), 36)]
    [InlineData(nameof(LibC.ArpRequest.Device), 52)]
    public void An_arp_request_is_laid_out_as_the_kernel_does(string field, int offset)
    {
        Assert.Equal(offset, (int)Marshal.OffsetOf<LibC.ArpRequest>(field));
        Assert.Equal(68, Marshal.SizeOf<LibC.ArpRequest>());
    }
}
