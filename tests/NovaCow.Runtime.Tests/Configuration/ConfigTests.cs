using NovaCow.Runtime.Configuration;

namespace NovaCow.Runtime.Tests.Configuration;

/// <summary>Fallbacks, late resolution, and the check of keys.</summary>
public sealed class ConfigTests
{
    private static Config Parse(string text, string origin = "t.conf") =>
        ConfigurationFactory.ParseString(text, origin, Hocon.Without);

    [Theory]
    [InlineData("a : { x : 1 }", "a : 42", "a : { y : 2 }", """{"a":{"x":1}}""")]
    [InlineData("a : { x : 1 }", "a : { y : 2 }", "a : 42", """{"a":{"y":2,"x":1}}""")]
    public void Fallbacks_merge_in_pairs(string one, string two, string three, string json)
    {
        Assert.Equal(json, Render(Parse(one).WithFallback(Parse(two)).WithFallback(Parse(three))));
        var (a, b, c) = (Parse(one), Parse(two), Parse(three));
        Assert.Equal(json, Render(a.WithFallback(b.WithFallback(c))));
        Assert.Equal(json, Render(a.WithFallback(b).Resolve().WithFallback(c)));
    }

    [Theory]
    [InlineData("foo = null, foo { b = 43 }")]
    [InlineData("foo = ${n}, foo = ${o}, n = null, o { b = 43 }")]
    [InlineData("foo = [1], foo.b = 42, foo.b = 43")]
    public void An_object_set_after_null_is_free_of_fallbacks(string text)
    {
        var defaults = Parse("foo { a = 42 }");
        Assert.False(Parse(text).WithFallback(defaults).HasPath("foo.a"));
        Assert.False(Parse(text).Resolve().WithFallback(defaults).HasPath("foo.a"));
        Assert.Equal(43, Parse(text).WithFallback(defaults).GetInt("foo.b"));
    }

    [Fact]
    public void A_cleared_object_still_merges_where_it_is_referred_to() => Assert.Equal(
        """{"b":{"z":1,"x":2},"a":{"x":2}}""",
        Render(Parse("b = { z = 1 }, b = ${a}, a = null, a = { x = 2 }")));

    private static string Render(Config config) => config.Render(RenderOptions.Concise);

    [Fact]
    public void A_fallback_is_as_if_its_text_came_first()
    {
        var config = Parse("path = ${path}\":/b\", l += 2, o { y = ${o.x} }")
            .WithFallback(Parse("path = /a, l = [1], o = ${base}, base { x = 7 }"));
        Assert.Equal("/a:/b", config.GetString("path"));
        Assert.Equal([1, 2], config.GetIntList("l"));
        Assert.Equal(7, config.GetInt("o.y"));
    }

    [Fact]
    public void Substitutions_wait_for_fallbacks_even_after_a_value_was_read()
    {
        var app = Parse("a = ${b}, b = 1");
        Assert.Equal(1, app.GetInt("a"));
        Assert.Equal(2, Parse("b = 2").WithFallback(app).GetInt("a"));
        Assert.Equal(1, Parse("b = 2").WithFallback(app.Resolve()).GetInt("a"));
    }

    [Fact]
    public void A_missing_reference_fails_on_resolving_and_not_on_parsing()
    {
        var config = Parse("a = ${b}");
        Assert.Throws<ConfigurationException>(() => config.GetString("a"));
        Assert.Throws<ConfigurationException>(() => config.Resolve());
        Assert.Equal(3, config.WithFallback(Parse("b = 3")).Resolve().GetInt("a"));
    }

    [Fact]
    public void Merging_changes_neither_side()
    {
        var upper = Parse("o { a = 1, s = ${?z} }, z = [1]");
        var lower = Parse("o { b = 2, s = [0] }, z = ${?o.s}");
        var before = (Render(upper), Render(lower));
        Assert.Equal(
            """{"o":{"b":2,"s":[1],"a":1},"z":[1]}""", Render(upper.WithFallback(lower)));
        Assert.Equal(before, (Render(upper), Render(lower)));
    }

    [Fact]
    public void Nothing_or_an_empty_configuration_is_no_fallback()
    {
        var config = Parse("a = 1");
        Assert.Same(config, config.WithFallback(null));
        Assert.Same(config, config.WithFallback(ConfigurationFactory.Empty));
        Assert.Equal(config, ConfigurationFactory.Empty.WithFallback(config));
        Assert.True(ConfigurationFactory.Empty.IsEmpty);
    }

    [Fact]
    public void Equality_is_of_content() => Assert.Equal(
        Parse("a = 1, b { c = [x] }"), Parse("b.c = [x]\na = 1", "other.conf"));

    [Fact]
    public void Leaves_come_in_order_with_their_places()
    {
        var leaves = Parse("b.\"x.y\" = 1\na { c = [1, 2]\n d {} }\ne = null").LeafPaths();
        Assert.Equal(
            ["b.\"x.y\" t.conf:1", "a.c t.conf:2", "a.d t.conf:3", "e t.conf:4"],
            leaves.Select(l => $"{l.Path} {l.Origin.SourceAndLine}"));
    }

    [Fact]
    public void Known_keys_and_what_lies_below_a_star_are_accepted() =>
        Parse("host { store = /s, labels { rack = 1, a.b = 2 }, empty {} }, tags {}")
            .RefuseUnknownKeys(["host.store", "host.labels.*", "host.empty.x", "tags.*"]);

    [Fact]
    public void An_unknown_key_is_refused_with_its_place_and_the_nearest_known_one()
    {
        var config = Parse("host {\n  stroe = /s\n}");
        var error = Assert.Throws<ConfigurationException>(
            () => config.RefuseUnknownKeys(["host.store", "host.name", "x.*"]));
        Assert.Equal(
            "t.conf:2:11: host.stroe: unknown key; did you mean host.store?", error.Message);
    }

    [Fact]
    public void All_unknown_keys_are_named_at_once()
    {
        var config = Parse("zzzzzz = 1\nhots {}\nhost = 2");
        var error = Assert.Throws<ConfigurationException>(
            () => config.RefuseUnknownKeys(["host"]));
        Assert.Contains("2 keys are unknown", error.Message);
        Assert.Contains("t.conf:1:10: zzzzzz: unknown key: remove it", error.Message);
        Assert.Contains("t.conf:2:6: hots: unknown key; did you mean host?", error.Message);
    }
}
