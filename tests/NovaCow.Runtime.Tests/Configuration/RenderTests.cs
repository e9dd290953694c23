using NovaCow.Runtime.Configuration;

namespace NovaCow.Runtime.Tests.Configuration;

/// <summary>What is written out reads back as the same configuration.</summary>
public sealed class RenderTests
{
    private const string Sample = """
        host { store = /var/lib/novacow, "odd key" = "a b", empty {}, sizes = [1, [2], {x=y}] }
        include-all = true, "include" = "include", "10" = null, text = "10", e = []
        """;

    [Fact]
    public void Hocon_is_written_without_needless_quotes() => Assert.Equal(
        """
        host {
          store = /var/lib/novacow
          "odd key" = "a b"
          empty {}
          sizes = [
            1
            [
              2
            ]
            {
              x = y
            }
          ]
        }
        include-all = true
        "include" = include
        10 = null
        text = "10"
        e = []

        """,
        Hocon.Load(Sample).Render());

    [Fact]
    public void Json_is_written_on_one_line_or_on_several()
    {
        var config = Hocon.Load("a { b = [1, x] }");
        Assert.Equal("""{"a":{"b":[1,"x"]}}""", config.Render(RenderOptions.Concise));
        Assert.Equal(
            "{\n  \"a\": {\n    \"b\": [\n      1,\n      \"x\"\n    ]\n  }\n}",
            config.Render(new() { Json = true }));
    }

    [Fact]
    public void Origins_are_written_as_comments() => Assert.Equal(
        "# t.conf:1\na {\n  # t.conf:2\n  b = 1\n}\n",
        Hocon.Load("a {\nb = 1 }").Render(new() { Origins = true }));

    [Fact]
    public void A_rendered_sample_reads_back_equal()
    {
        foreach (var options in AllOptions())
            Assert.Equal(Hocon.Load(Sample), Hocon.Load(Hocon.Load(Sample).Render(options)));
    }

    [Fact]
    public void Every_rendered_document_reads_back_equal()
    {
        for (var seed = 0; seed < 1_000; seed++)
        {
            var config = Hocon.Load(new DocumentGenerator(seed).JsonObject());
            foreach (var options in AllOptions())
                Assert.True(
                    config.Equals(Hocon.Load(config.Render(options))), $"seed {seed}, {options}");
        }
    }

    [Fact]
    public void Every_resolved_document_with_references_reads_back_equal()
    {
        var resolved = 0;
        for (var seed = 0; seed < 3_000; seed++)
        {
            Config config;
            try
            {
                config = Hocon.Load(new DocumentGenerator(seed).HoconDocument());
            }
            catch (ConfigurationException)
            {
                continue;
            }
            resolved++;
            Assert.True(config.Equals(Hocon.Load(config.Render())), $"seed {seed}");
            Assert.True(config.Equals(config.Resolve().Resolve()), $"seed {seed}");
        }
        Assert.True(resolved > 500, $"only {resolved} documents resolved");
    }

    private static IEnumerable<RenderOptions> AllOptions() =>
        from json in new[] { false, true }
        from indented in new[] { false, true }
        from origins in new[] { false, true }
        select new RenderOptions { Json = json, Indented = indented, Origins = origins };
}
