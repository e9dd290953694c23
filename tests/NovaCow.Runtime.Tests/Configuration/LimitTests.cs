using System.Text;
using NovaCow.Runtime.Configuration;

namespace NovaCow.Runtime.Tests.Configuration;

/// <summary>Documents made to exhaust their reader hit a limit instead.</summary>
public sealed class LimitTests
{
    private static string Repeat(string text, int count) =>
        new StringBuilder(text.Length * count).Insert(0, text, count).ToString();

    /// <summary>Definitions of a0, a1… each of which names the one before several times.</summary>
    private static string Laughs(string first, string next, int count) =>
        $"a0 = {first}\n" + string.Concat(Enumerable.Range(1, count).Select(
            i => $"a{i} = {next.Replace("@", $"${{a{i - 1}}}")}\n"));

    [Theory]
    [InlineData("[", 100_000)]
    [InlineData("{a:", 100_000)]
    [InlineData("a{", 100_000)]
    [InlineData("a.", 50_000)]
    [InlineData("a=[{", 1_000)]
    public void Depth_is_bounded(string text, int count) =>
        Assert.Contains("MaxDepth", Hocon.FailsToParse(Repeat(text, count) + "z=1").Message);

    [Fact]
    public void Length_is_bounded() => Assert.Contains(
        "MaxDocumentLength", Hocon.FailsToParse(new string(' ', 5_000_000)).Message);

    [Theory]
    [InlineData("lol", "@@@@@@@@@@", "MaxResolvedCharacters")]
    [InlineData("[lol]", "@@@@@@@@@@", "MaxResolveSteps")]
    [InlineData("[lol]", "[@,@,@,@,@,@,@,@,@,@]", "MaxResolveSteps")]
    [InlineData("{x=1}", "{p=@,q=@,r=@,s=@,t=@,u=@,v=@,w=@}", "MaxResolveSteps")]
    [InlineData("{x=1}", "@@@@@@@@@@", "MaxResolveSteps")]
    public void A_billion_laughs_are_refused(string first, string next, string limit) =>
        Assert.Contains(limit, Hocon.Fails(Laughs(first, next, 30)).Message);

    [Fact]
    public void A_long_chain_of_references_is_refused_and_a_moderate_one_is_not()
    {
        Assert.Equal(1, Hocon.Load(Laughs("1", "@", 1_000)).GetInt("a1000"));
        var backwards = string.Join(
            '\n', Laughs("1", "@", 100_000).Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Reverse());
        Assert.Contains("MaxSubstitutionChain", Hocon.Fails(backwards).Message);
    }

    [Fact]
    public void Nesting_by_reference_is_bounded() => Assert.Contains(
        "MaxDepth", Hocon.Fails(Laughs("1", "{x=@}", 1_000)).Message);

    [Fact]
    public void Definitions_of_one_key_that_wait_are_bounded() => Assert.Contains(
        "MaxDefinitionsOfOneKey", Hocon.FailsToParse(Repeat("a += 1\n", 100_000)).Message);

    [Fact]
    public void Many_circles_that_can_be_broken_end_in_a_limit_or_a_result()
    {
        var text = string.Concat(Enumerable.Range(0, 2_000).Select(
            i => $"a{i} {{ b = ${{?a{i}}} }}\n"));
        Assert.Contains("MaxResolveSteps", Hocon.Fails(text).Message);
    }

    [Fact]
    public void A_large_ordinary_document_is_read()
    {
        var text = string.Concat(Enumerable.Range(0, 20_000).Select(
            i => $"group{i % 100}.key{i} = \"value {i}\" # why\n"));
        Assert.Equal("value 19999", Hocon.Load(text).GetString("group99.key19999"));
    }

    [Fact]
    public void Included_files_are_bounded_in_number_depth_and_size()
    {
        using var files = new TemporaryFiles();
        for (var i = 0; i < 40; i++)
            files.Write($"f{i}.conf", $"include \"f{i + 1}.conf\"");
        files.Write("leaf.conf", "x = 1");
        files.Write("many.conf", Repeat("include \"leaf.conf\"\n", 300));
        files.Write("big.conf", "#" + new string('x', 3_000_000));
        files.Write("bigger.conf", Repeat("include \"big.conf\"\n", 2));
        Assert.Contains("MaxIncludeDepth", Refusal(files, "f0.conf"));
        Assert.Contains("MaxIncludes", Refusal(files, "many.conf"));
        Assert.Contains("MaxDocumentLength", Refusal(files, "bigger.conf"));
    }

    private static string Refusal(TemporaryFiles files, string name) =>
        Assert.Throws<ConfigurationException>(
            () => ConfigurationFactory.Load(Path.Combine(files.Root, name))).Message;

    [Fact]
    public void Limits_can_be_set()
    {
        var options = Hocon.Without with { Limits = new() { MaxDepth = 2 } };
        ConfigurationFactory.LoadString("a.b = 1", options: options);
        Assert.Throws<ConfigurationException>(
            () => ConfigurationFactory.LoadString("a.b.c.d = 1", options: options));
    }
}
