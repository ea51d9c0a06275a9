using System.Net;
using NetDeploy.Core.Enrolment;
using NetDeploy.Core.Profiles;
using NetDeploy.Core.Tests.Profiles;
using NetDeploy.Protocols;

namespace NetDeploy.Core.Tests.Enrolment;

public sealed class MachineTextTests
{
    [Theory]
    [InlineData("ABC1234")]
    [InlineData("no")]
    [InlineData("1e3")]
    [InlineData("a: b # c")]
    [InlineData("'\"{[&*!|>%@`")]
    [InlineData("---")]
    public void A_document_that_enrolment_writes_reads_back_as_it_was_meant(string serial)
    {
        var text = new MachineText
        {
            Name = "blade-1",
            EnrolledBy = "lab/blades",
            Distro = "debian-12",
            Profiles = ["minimal"],
            Address = IPAddress.Parse("10.77.0.30"),
            Mac = MacAddress.Parse("52:54:00:00:00:01"),
            Uuid = Guid.Parse("4c4c4544-0042-3510-8052-b4c04f4d3532"),
            Serial = serial,
            Slot = new SlotSpec("4769312f37", "00"),
        }.Write();

        Assert.Equal("enrolled/blade-1.yaml", text.Path);
        const string Network = "apiVersion: netdeploy/v1\nkind: Network\nname: lab\nsubnet: 10.77.0.0/24\nrelays: [10.77.0.2]\n";
        var machine = ShippedFiles.Load(ShippedFiles.Site, Network, text.Content).Machines["blade-1"];
        Assert.Equal("lab/blades", machine.EnrolledBy);
        Assert.Equal(serial, machine.Binding.Serial);
        Assert.Equal(text.Content, (new MachineText
        {
            Name = machine.Name,
            EnrolledBy = machine.EnrolledBy!,
            Distro = machine.Distro,
            Profiles = machine.Profiles,
            Address = machine.Address,
            Mac = machine.Binding.Macs[0],
            Uuid = machine.Binding.Uuid,
            Serial = machine.Binding.Serial,
            Slot = machine.Binding.Slot,
        }).Write().Content);
    }

    [Fact]
    public void The_lowest_free_address_of_a_range_is_taken()
    {
        var range = new Core.Addressing.AddressPool(IPAddress.Parse("10.77.0.254"), IPAddress.Parse("10.77.1.1"));
        HashSet<string> taken = ["10.77.0.254", "10.77.0.255"];
        Assert.Equal("10.77.1.0", FreeAddress.In(range, a => taken.Contains(a.ToString()))!.ToString());
        Assert.Null(FreeAddress.In(range, _ => true));
        var all = new Core.Addressing.AddressPool(IPAddress.Parse("0.0.0.1"), IPAddress.Parse("255.255.255.255"));
        Assert.Null(FreeAddress.In(all, _ => true));
    }
}
