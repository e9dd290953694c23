using System.Xml.Linq;
using NovaCow.Core;
using NovaCow.Hypervisor.Libvirt;
using NovaCow.Hypervisor.Tests.Support;

namespace NovaCow.Hypervisor.Tests.Libvirt;

public sealed class DomainIdentityTests
{
    private static readonly InstanceId Id = InstanceId.Parse("vm-1");

    [Fact]
    public void A_domain_says_whose_it_is()
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var (machine, options) = GivenMachine.Random(seed);
            Assert.Equal(
                new DomainIdentity(machine.Id, options.Host, machine.Cluster),
                DomainIdentity.Read(DomainXml.Of(machine, options)));
        }
    }

    [Theory]
    [InlineData("<instance id='vm-1' host='h1' cluster='c1'/>")]
    [InlineData(
        "<n:instance xmlns:n='https://novacow.invalid/libvirt/1' id='vm-1' host='h1' "
            + "cluster='c1'/>")]
    public void Its_mark_alone_says_it_too(string mark) =>
        Assert.Equal(new DomainIdentity(Id, "h1", "c1"), DomainIdentity.Read(mark));

    [Theory]
    [InlineData("")]
    [InlineData("no XML")]
    [InlineData("<!DOCTYPE d [<!ENTITY e 'x'>]><instance id='vm-1' host='&e;'/>")]
    [InlineData("<domain><name>novacow-vm-1</name></domain>")]
    [InlineData("<instance id='vm-1'/>")]
    [InlineData("<instance id='No Id' host='h1'/>")]
    [InlineData("<instance xmlns='https://example.com' id='vm-1' host='h1'/>")]
    public void What_has_no_mark_of_ours_is_a_stranger(string xml) =>
        Assert.Null(DomainIdentity.Read(xml));

    [Fact]
    public void A_copy_of_a_domain_under_another_name_is_a_stranger()
    {
        var xml = XElement.Parse(DomainXml.Of(GivenMachine.Small, GivenMachine.Options));
        xml.Element("name")!.Value = "novacow-vm-2";
        Assert.Null(DomainIdentity.Read(xml.ToString()));
    }

    [Fact]
    public void A_machine_keeps_its_number_and_address_on_every_host()
    {
        var here = XElement.Parse(DomainXml.Of(GivenMachine.Small, GivenMachine.Options));
        var there = XElement.Parse(DomainXml.Of(
            GivenMachine.Small, GivenMachine.Options with { Host = "another" }));
        Assert.Equal(here.Element("uuid")!.Value, there.Element("uuid")!.Value);
        Assert.Equal(
            "bc21f60b-4700-8647-996e-539aede8e159", DomainIdentity.UuidOf(Id, "c1").ToString());
        Assert.Equal("52:84:de:ac:4e:70", DomainIdentity.MacOf(Id, "c1"));
    }

    [Fact]
    public void No_two_machines_have_the_same_number_or_address()
    {
        var ids = Enumerable.Range(0, 1000).Select(i => InstanceId.Parse($"vm-{i}")).ToList();
        string?[] clusters = [null, "c1", "c2"];
        var all = ids.SelectMany(id => clusters.Select(c => (Id: id, Cluster: c))).ToList();
        Assert.Equal(
            all.Count, all.Select(x => DomainIdentity.UuidOf(x.Id, x.Cluster)).Distinct().Count());
        Assert.Equal(
            all.Count, all.Select(x => DomainIdentity.MacOf(x.Id, x.Cluster)).Distinct().Count());
    }
}
