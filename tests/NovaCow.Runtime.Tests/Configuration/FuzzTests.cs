using System.Text.Json;
using System.Text.Json.Nodes;
using NovaCow.Runtime.Configuration;

namespace NovaCow.Runtime.Tests.Configuration;

/// <summary>Generated documents, judged by another parser or by how they fail.</summary>
public sealed class FuzzTests
{
    [Fact]
    public void Every_json_document_means_what_a_json_parser_says()
    {
        for (var seed = 0; seed < 2_000; seed++)
        {
            var text = new DocumentGenerator(seed).JsonDocument();
            var ours = JsonNode.Parse(Hocon.Parse(text));
            Assert.True(JsonNode.DeepEquals(JsonNode.Parse(text), ours), $"seed {seed}: {text}");
        }
    }

    [Fact]
    public void What_a_json_parser_accepts_of_broken_json_is_accepted()
    {
        var accepted = 0;
        for (var seed = 0; seed < 4_000; seed++)
        {
            var generator = new DocumentGenerator(seed);
            var text = generator.Mutate(generator.JsonDocument());
            if (!IsJson(text))
                continue;
            accepted++;
            Hocon.Parse(text);
        }
        Assert.True(accepted > 200, $"only {accepted} mutants are JSON");
    }

    /// <summary>A mutant ends with a result or with the one exception that says where.</summary>
    [Fact]
    public void No_mutant_fails_in_another_way_than_the_documented_one()
    {
        for (var seed = 0; seed < 4_000; seed++)
        {
            var generator = new DocumentGenerator(seed);
            var text = generator.HoconDocument();
            for (var i = seed % 4; i > 0; i--)
                text = generator.Mutate(text);
            try
            {
                var config = Hocon.Load(text);
                Assert.True(config.Equals(Hocon.Load(config.Render())), $"seed {seed}:\n{text}");
            }
            catch (ConfigurationException e)
            {
                Assert.StartsWith("t.conf:", e.Message);
                Assert.True(e.Origin.Line > 0, $"seed {seed}: {e.Message}");
            }
        }
    }

    [Fact]
    public void A_fallback_is_the_same_as_text_before_it()
    {
        var compared = 0;
        for (var seed = 0; seed < 3_000; seed++)
        {
            var generator = new DocumentGenerator(seed);
            var (lower, upper) = (generator.HoconDocument(), generator.HoconDocument());
            var merged = Outcome(() => Parse(upper).WithFallback(Parse(lower)).Resolve());
            var joined = Outcome(() => Parse($"{lower}\n{upper}").Resolve());
            Assert.True(
                merged is null ? joined is null : merged.Equals(joined),
                $"seed {seed}:\n{lower}\n# over it\n{upper}");
            compared += merged is null ? 0 : 1;
        }
        Assert.True(compared > 100, $"only {compared} documents resolved");
    }

    private static Config Parse(string text) =>
        ConfigurationFactory.ParseString(text, "t.conf", Hocon.Without);

    private static Config? Outcome(Func<Config> resolve)
    {
        try
        {
            return resolve();
        }
        catch (ConfigurationException)
        {
            return null;
        }
    }

    private static bool IsJson(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind is JsonValueKind.Object or JsonValueKind.Array;
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            return false; // an argument that is no text: half a surrogate pair
        }
    }
}
