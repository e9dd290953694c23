using NovaCow.Core;
using NovaCow.Storage.Inspection;

namespace NovaCow.Storage.Tests.Inspection;

public sealed class InspectionRulesTests
{
    private static readonly Dictionary<string, RuleCase> s_cases = new[]
    {
        RuleCasesOfRaw.All, RuleCasesOfQcow2.All, RuleCasesOfVmdk.All, RuleCasesOfOthers.All,
    }.SelectMany(cases => cases).ToDictionary(c => c.Name);

    public static TheoryData<string> Cases { get; } = [.. s_cases.Keys];

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_rule_refuses_the_flaw(string name)
    {
        var c = s_cases[name];
        var verdict = Judge(c.Flawed, c.Declared, c.Limits);
        var refused = Assert.IsType<InspectionVerdict.Refused>(verdict);
        Assert.Equal(c.Rule.Name, refused.Rule);
        Assert.NotEmpty(refused.Detected);
        Assert.True(refused.Reason.Length > 20, refused.Reason);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Without_the_flaw_the_image_is_accepted(string name)
    {
        var c = s_cases[name];
        Assert.IsType<InspectionVerdict.Accepted>(Judge(c.Sound, c.SoundDeclared, c.SoundLimits));
    }

    [Fact]
    public void Every_rule_has_a_case() => Assert.Equal(
        InspectionRules.All.Select(rule => rule.Name).Order(),
        s_cases.Values.Select(c => c.Rule.Name).Distinct().Order());

    [Fact]
    public void Rules_have_names_of_their_own_and_say_what_they_mean()
    {
        Assert.Distinct(InspectionRules.All.Select(rule => rule.Name));
        Assert.All(InspectionRules.All, rule => Assert.Matches("^[a-z0-9]+: .+$", rule.Name));
        Assert.All(InspectionRules.All, rule => Assert.EndsWith(".", rule.Meaning));
    }

    private static InspectionVerdict Judge(
        byte[] image, DiskFormat? declared, InspectionLimits limits) =>
        new ImageInspector(limits).Inspect(new MemoryRandomAccess(image), declared);
}
