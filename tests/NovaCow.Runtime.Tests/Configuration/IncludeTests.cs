using NovaCow.Runtime.Configuration;

namespace NovaCow.Runtime.Tests.Configuration;

/// <summary>The specification's examples on include statements.</summary>
public sealed class IncludeTests : IDisposable
{
    private readonly TemporaryFiles files = new();

    public void Dispose() => files.Dispose();

    private Config Load(string text, Dictionary<string, string>? environment = null) =>
        ConfigurationFactory.Load(
            files.Write("main.conf", text), options: Hocon.With(environment ?? []));

    private ConfigurationException Fails(string text) =>
        Assert.Throws<ConfigurationException>(() => Load(text));

    [Theory]
    [InlineData("include \"foo.conf\"")]
    [InlineData("include\"foo.conf\"")]
    [InlineData("include\n\n  \"foo.conf\"")]
    [InlineData("include file(\"foo.conf\")")]
    [InlineData("include file( \"foo.conf\" )")]
    [InlineData("include required(\"foo.conf\")")]
    [InlineData("include required(file(\"foo.conf\"))")]
    [InlineData("include required( file( \"foo.conf\" ) )")]
    [InlineData("include \"foo\"")]
    [InlineData("{ include \"foo.conf\" }")]
    [InlineData("include \"foo.conf\", b = 2")]
    [InlineData("include \"foo.conf\"\nb = 2")]
    public void Each_form_of_include_takes_the_keys_in(string text)
    {
        files.Write("foo.conf", "a = 1");
        Assert.Equal(1, Load(text).GetInt("a"));
    }

    [Theory]
    [InlineData("include foo")]
    [InlineData("include : { a : 1 }")]
    [InlineData("include = 1")]
    [InlineData("include ${x}")]
    [InlineData("include \"a\" \"b\"")]
    [InlineData("include \"bar\" : 10")]
    [InlineData("include file(\"a\"")]
    [InlineData("include file \"a\"")]
    [InlineData("include thing(\"a\")")]
    [InlineData("include file(required(\"a\"))")]
    [InlineData("include file(\"a\"))")]
    [InlineData("include \"\"")]
    [InlineData("include")]
    public void A_malformed_include_is_refused(string text) =>
        Assert.Contains("main.conf:1:", Fails(text).Message);

    [Theory]
    [InlineData("include url(\"http://localhost/a.conf\")")]
    [InlineData("include required(url(\"http://localhost/a.conf\"))")]
    [InlineData("include classpath(\"a.conf\")")]
    [InlineData("include \"https://localhost/a.conf\"")]
    [InlineData("include \"file:///etc/a.conf\"")]
    public void Only_files_can_be_included(string text) =>
        Assert.Contains("only files can be included", Fails(text).Message);

    [Fact]
    public void Include_is_special_only_where_a_key_begins() => Assert.Equal(
        """{"foo include":42,"foo":"include","l":["include"],"include":42,"includes":1}""",
        Hocon.Json(
            "foo include : 42, foo : include, l : [ include ], \"include\" : 42, includes : 1"));

    [Fact]
    public void Included_keys_merge_where_the_statement_stands()
    {
        files.Write("foo.conf", "x = included, o { b = included }, y = included");
        var config = Load("x = before, o { a = before, b = before }\ninclude \"foo\"\ny = after");
        Assert.Equal(
            """{"x":"included","o":{"a":"before","b":"included"},"y":"after"}""",
            config.Render(RenderOptions.Concise));
    }

    [Fact]
    public void Substitutions_of_an_included_file_mean_their_neighbours_first()
    {
        files.Write("foo.conf", "x : 10, y : ${x}, z : ${root}, w : ${?HOME}");
        var home = new Dictionary<string, string> { ["HOME"] = "/root" };
        var config = Load("a : { include \"foo.conf\" }\na : { x : 42 }\nroot = r", home);
        Assert.Equal(42, config.GetInt("a.y"));
        Assert.Equal("r", config.GetString("a.z"));
        Assert.Equal("/root", config.GetString("a.w"));
    }

    [Fact]
    public void Each_file_around_an_included_one_is_searched_outwards()
    {
        files.Write("outer.conf", "b { include \"inner.conf\" }, mid = outer");
        files.Write("inner.conf", "near = 1, list += x, v = [${near}, ${mid}, ${far}]");
        var config = Load("a.c { include \"outer.conf\" }, near = 2, mid = main, far = main");
        Assert.Equal(["1", "outer", "main"], config.GetStringList("a.c.b.v"));
        Assert.Equal(["x"], config.GetStringList("a.c.b.list"));
    }

    [Fact]
    public void A_missing_file_is_passed_over_unless_it_is_required()
    {
        Assert.Equal(1, Load("a = 1, include \"none.conf\"").GetInt("a"));
        Assert.Equal(1, Load("include \"no/such/none\"\na = 1").GetInt("a"));
        var error = Fails("a = 1\ninclude required(\"none.conf\")");
        Assert.Contains("main.conf:2:1: the required file", error.Message);
        Assert.Contains("none.conf does not exist", error.Message);
    }

    [Fact]
    public void A_name_without_extension_means_json_and_then_conf()
    {
        files.Write("foo.json", """{ "a" : "json", "b" : "json" }""");
        files.Write("foo.conf", "b = conf");
        files.Write("plain", "c = plain");
        var config = Load("include \"foo\"\ninclude \"plain\"");
        Assert.Equal("json", config.GetString("a"));
        Assert.Equal("conf", config.GetString("b"));
        Assert.Equal("plain", config.GetString("c"));
    }

    [Fact]
    public void Relative_names_start_at_the_including_file()
    {
        files.Write("sub/one.conf", "include \"two.conf\", include \"../three.conf\"");
        files.Write("sub/two.conf", "two = 2");
        files.Write("three.conf", "three = 3");
        var config = Load("include file(\"sub/one.conf\")");
        Assert.Equal(2, config.GetInt("two"));
        Assert.Equal(3, config.GetInt("three"));
        Assert.EndsWith("sub/two.conf:1", config.GetOrigin("two")!.SourceAndLine);
    }

    [Fact]
    public void An_absolute_name_is_taken_as_it_is()
    {
        var path = files.Write("elsewhere/abs.conf", "a = 1");
        Assert.Equal(1, Hocon.Load($"include \"{path}\"").GetInt("a"));
    }

    [Fact]
    public void A_text_has_no_place_for_relative_names_unless_it_is_given_one()
    {
        files.Write("foo.conf", "a = 1");
        Assert.Contains("leads nowhere", Hocon.Fails("include \"foo.conf\"").Message);
        var options = Hocon.Without with { BaseDirectory = files.Root };
        var config = ConfigurationFactory.LoadString("include \"foo.conf\"", options: options);
        Assert.Equal(1, config.GetInt("a"));
    }

    [Fact]
    public void Files_that_include_each_other_are_refused_with_the_circle()
    {
        files.Write("b.conf", "include \"c.conf\"");
        files.Write("c.conf", "include \"./b.conf\"");
        var message = Fails("include \"b.conf\"").Message;
        Assert.Contains("include each other", message);
        Assert.Contains("b.conf → ", message);
    }

    [Fact]
    public void An_included_list_is_refused()
    {
        files.Write("foo.conf", "[1]");
        Assert.Contains("has a list at its root", Fails("include \"foo.conf\"").Message);
    }

    [Fact]
    public void An_include_in_a_list_works_without_substitutions_and_is_refused_with_them()
    {
        files.Write("good.conf", "a = 1");
        files.Write("bad.conf", "a = 1, b = ${a}");
        var config = Load("l = [ { include \"good.conf\" } ]");
        Assert.Equal(1, config.GetConfigList("l")[0].GetInt("a"));
        Assert.Contains("included inside a list", Fails("l = [{ include \"bad.conf\" }]").Message);
    }

    [Fact]
    public void An_error_in_an_included_file_names_that_file()
    {
        files.Write("foo.conf", "a = 1\nb = ]");
        Assert.Contains("foo.conf:2:5", Fails("include \"foo.conf\"").Message);
    }

    [Fact]
    public void A_byte_order_mark_is_white_space_and_invalid_utf8_is_refused()
    {
        var path = files.Write("bom.conf", "\uFEFFa = 1");
        Assert.Equal(1, ConfigurationFactory.Load(path).GetInt("a"));
        File.WriteAllBytes(path, [(byte)'a', (byte)'=', 0xFF]);
        var error = Assert.Throws<ConfigurationException>(() => ConfigurationFactory.Load(path));
        Assert.Contains("is not UTF-8", error.Message);
    }

    [Fact]
    public void A_missing_or_unreadable_main_file_is_an_error()
    {
        var missing = Path.Combine(files.Root, "none.conf");
        Assert.Contains(
            $"{missing}: the file does not exist",
            Assert.Throws<ConfigurationException>(
                () => ConfigurationFactory.Load(missing)).Message);
        Assert.Contains(
            "cannot be read",
            Assert.Throws<ConfigurationException>(
                () => ConfigurationFactory.Load(files.Root)).Message);
    }
}
