namespace NovaCow.Runtime.Tests.Configuration;

/// <summary>The specification's examples on syntax, from comments to paths as keys.</summary>
public sealed class SyntaxTests
{
    [Fact]
    public void Both_kinds_of_comment_run_to_the_end_of_the_line_and_not_inside_quotes() =>
        Assert.Equal(
            """{"a":"1 # no // no","b":2}""",
            Hocon.Json("# one\na = \"1 # no // no\" // two\nb = 2# three\n//"));

    [Fact]
    public void Root_braces_may_be_omitted() => Hocon.Same("{ a : 1 }", "a : 1");

    [Theory]
    [InlineData("a : 1 }")]
    [InlineData("{ a : 1")]
    [InlineData("{ a : 1 } }")]
    public void Root_braces_must_balance(string text) => Hocon.Fails(text);

    [Fact]
    public void An_empty_document_is_an_empty_object() => Assert.Equal("{}", Hocon.Json("\n # \n"));

    [Fact]
    public void A_list_may_be_the_root_of_a_document_but_not_of_a_configuration()
    {
        Assert.Equal("[1,2]", Hocon.Parse("[1,2]"));
        Assert.Contains("the root is a list", Hocon.Fails("[1,2]").Message);
    }

    [Fact]
    public void Equal_sign_colon_and_nothing_before_a_brace_are_the_same_separator()
    {
        Hocon.Same("\"foo\" {}", "\"foo\" : {}");
        Hocon.Same("foo = { a = 1 }", "foo { a : 1 }");
    }

    [Theory]
    [InlineData("[1,2,3,]", "[1,2,3]")]
    [InlineData("[1\n2\n3]", "[1,2,3]")]
    [InlineData("[1\n,2\n,\n3\n,\n]", "[1,2,3]")]
    [InlineData("{a:1\nb:2,}", """{"a":1,"b":2}""")]
    [InlineData("a:1,\nb:2,\n", """{"a":1,"b":2}""")]
    public void Commas_may_be_new_lines_and_may_trail(string text, string json) =>
        Assert.Equal(json, Hocon.Parse(text));

    [Theory]
    [InlineData("[1,2,3,,]")]
    [InlineData("[,1,2,3]")]
    [InlineData("[1,,2,3]")]
    [InlineData("[,]")]
    [InlineData("{a:1,,}")]
    [InlineData("{,a:1}")]
    [InlineData("{a:1,,b:2}")]
    [InlineData("a:1,,")]
    public void A_comma_must_have_something_before_it(string text) => Hocon.FailsToParse(text);

    [Theory]
    [InlineData('\u00A0')]
    [InlineData('\u2007')]
    [InlineData('\u202F')]
    [InlineData('\u2003')]
    [InlineData('\u2028')]
    [InlineData('\u2029')]
    [InlineData('\uFEFF')]
    [InlineData('\t')]
    [InlineData('\v')]
    [InlineData('\f')]
    [InlineData('\r')]
    [InlineData('\u001C')]
    [InlineData('\u001D')]
    [InlineData('\u001E')]
    [InlineData('\u001F')]
    public void Unicode_space_is_white_space_and_no_new_line(char space)
    {
        Hocon.Same($"{space}a{space}={space}1{space},{space}b{space}:2", "a=1,b=2");
        Hocon.FailsToParse($"{{a=[1]{space}b=2}}");
    }

    [Fact]
    public void Objects_under_one_key_merge() => Hocon.Same(
        """{ "foo" : { "a" : 42 }, "foo" : { "b" : 43 } }""",
        """{ "foo" : { "a" : 42, "b" : 43 } }""");

    [Fact]
    public void Null_between_two_objects_prevents_their_merging() => Hocon.Same(
        """{ "foo" : { "a" : 42 }, "foo" : null, "foo" : { "b" : 43 } }""",
        """{ "foo" : { "b" : 43 } }""");

    [Theory]
    [InlineData("a=1,a=2", """{"a":2}""")]
    [InlineData("a=1,a={b=2}", """{"a":{"b":2}}""")]
    [InlineData("a={b=2},a=1", """{"a":1}""")]
    [InlineData("a={b={c=1,d=2}},a={b={c=3}}", """{"a":{"b":{"c":3,"d":2}}}""")]
    [InlineData("a=[1],a=[2]", """{"a":[2]}""")]
    public void The_last_definition_wins_unless_both_are_objects(string text, string json) =>
        Assert.Equal(json, Hocon.Json(text));

    [Theory]
    [InlineData("truefoo", "truefoo")]
    [InlineData("footrue", "footrue")]
    [InlineData("10.0bar", "10.0bar")]
    [InlineData("bar10.0", "bar10.0")]
    [InlineData("-foo", "-foo")]
    [InlineData("1.2.3", "1.2.3")]
    [InlineData("01", "01")]
    [InlineData("10e3e3", "10e3e3")]
    [InlineData("1-e3", "1-e3")]
    [InlineData("1.0.", "1.0.")]
    [InlineData("/", "/")]
    [InlineData("(42)", "(42)")]
    [InlineData("a/b", "a/b")]
    public void Unquoted_text_is_taken_literally(string text, string expected) =>
        Assert.Equal($"[\"{expected}\"]", Hocon.Parse($"[ {text} ]"));

    [Theory]
    [InlineData("10")]
    [InlineData("-1.5")]
    [InlineData("10e+3")]
    [InlineData("1E-5")]
    [InlineData("true")]
    [InlineData("null")]
    public void A_single_keyword_or_number_keeps_its_type_and_its_notation(string text) =>
        Assert.Equal($"[{text}]", Hocon.Parse($"[ {text} ]"));

    [Theory]
    [InlineData("$")]
    [InlineData("+")]
    [InlineData("`")]
    [InlineData("^")]
    [InlineData("?")]
    [InlineData("!")]
    [InlineData("@")]
    [InlineData("*")]
    [InlineData("&")]
    [InlineData("\\")]
    [InlineData("=")]
    [InlineData(":")]
    [InlineData("+=")]
    [InlineData("#")]
    [InlineData("{")]
    [InlineData("}")]
    [InlineData("\"")]
    [InlineData("10e+3e+")]
    [InlineData("a\\nb")]
    public void Forbidden_characters_need_quotes(string text) =>
        Hocon.FailsToParse($"[ {text} ]");

    [Fact]
    public void Quoted_text_has_the_escapes_of_json_and_no_control_characters()
    {
        var config = Hocon.Load("""a="\"\\\/\b\f\n\r\t\u00e9" """);
        Assert.Equal("\"\\/\b\f\n\r\té", config.GetString("a"));
        Hocon.FailsToParse("a=\"x\ty\"");
        Hocon.FailsToParse("a=\"x\ny\"");
        Hocon.FailsToParse("""a="\x" """);
        Hocon.FailsToParse("""a="\u12" """);
        Hocon.FailsToParse("a=\"");
        Hocon.FailsToParse("a=\"\\");
    }

    [Theory]
    [InlineData("\"\"\"foo\"\"\"", "foo")]
    [InlineData("\"\"\"foo\"\"\"\"", "foo\"")]
    [InlineData("\"\"\"foo\"\"\"\"\"\"\"", "foo\"\"\"\"")]
    [InlineData("\"\"\"\"foo\"\"\"", "\"foo")]
    [InlineData("\"\"\"\"\"\"", "")]
    [InlineData("\"\"\"\"\"\"\"\"", "\"\"")]
    [InlineData("\"\"\"a\nb\\n \"\"\"", "a\nb\\n ")]
    [InlineData("\"\"\"foo\"\"bar\"\"\"", "foo\"\"bar")]
    public void Triple_quotes_take_everything_as_it_is(string text, string expected) =>
        Assert.Equal(expected, Hocon.Load($"a = {text}\nb = 1").GetString("a"));

    [Fact]
    public void Lines_are_still_counted_after_text_in_triple_quotes() =>
        Assert.Contains("t.conf:4:", Hocon.FailsToParse("a=\"\"\"\n\n\"\"\"\nb=").Message);

    [Fact]
    public void Values_on_one_line_join_to_text_with_the_space_between_them()
    {
        Hocon.Same("a =  foo bar baz ", "a = \"foo bar baz\"");
        Hocon.Same("a = foo \"  \"  bar", "a = \"foo     bar\"");
        Hocon.Same(
            "a = null bar 42 \"baz\" true 3.14 hi 1e5", "a = \"null bar 42 baz true 3.14 hi 1e5\"");
        Hocon.Same("a = foo\nb = bar", "a = foo, b = bar");
        Hocon.Same("123 foo : x", "\"123 foo\" : x");
    }

    [Fact]
    public void A_single_value_is_never_made_text() =>
        Assert.Equal("""{"a":true,"b":"true foo"}""", Hocon.Json("a = true, b = true foo"));

    [Fact]
    public void Objects_are_defined_equally_in_one_by_concatenation_or_in_two_fields()
    {
        Hocon.Same("a : { b : 1, c : 2 }", "a : { b : 1 } { c : 2 }");
        Hocon.Same("a : { b : 1, c : 2 }", "a : { b : 1 }\na : { c : 2 }");
        Hocon.Same("a : { b : 4 }", "a : { b : 1 } { b : 2 } { b : 3 } { b : 4 }");
    }

    [Fact]
    public void Lists_are_defined_equally_in_one_by_concatenation_or_by_reference()
    {
        Hocon.Same("a : [ 1, 2, 3, 4 ]", "a : [ 1, 2 ] [ 3, 4 ]");
        Hocon.Same("a : [ 1, 2, 3, 4 ]", "a : [ 1, 2 ]\na : ${a} [ 3, 4 ]");
    }

    [Theory]
    [InlineData("a : abc { x : y }")]
    [InlineData("a : { x : y } abc")]
    [InlineData("a : null { x : y }")]
    [InlineData("a : abc [1, 2]")]
    [InlineData("a : [1] { x : y }")]
    [InlineData("a : abc ${x}, x : { y : z }")]
    [InlineData("a : abc ${x}, x : [1]")]
    [InlineData("a : ${x}\" \"${x}, x : [1]")]
    public void Kinds_that_do_not_join_are_refused_with_both_places(string text) =>
        Assert.Contains("cannot stand beside", Hocon.Fails(text).Message);

    [Fact]
    public void A_new_line_between_values_prevents_concatenation()
    {
        Assert.Equal("""["1 2 3 4"]""", Hocon.Parse("[ 1 2 3 4 ]"));
        Assert.Equal("[1,2,3,4]", Hocon.Parse("[ 1\n2\n3\n4 ]"));
        Assert.Equal("[[1,2,3,4]]", Hocon.Parse("[ [ 1, 2 ] [ 3, 4 ] ]"));
        Assert.Equal("[[1,2],[3,4]]", Hocon.Parse("[ [ 1, 2 ]\n  [ 3, 4 ] ]"));
        Hocon.FailsToParse("a : [1,2]\n[3,4]");
        Hocon.FailsToParse("a : { b : c }\n{ x : y }");
        Hocon.FailsToParse("a : ${x}\nfoo, x = 1");
        Assert.Equal("""{"a":{"b":1,"c":2}}""", Hocon.Json("a : {\nb : 1\n} {\nc : 2\n}"));
    }

    [Fact]
    public void Unquoted_text_with_substitutions_makes_one_element() => Assert.Equal(
        ["my name is Ann", "Hello Bob"],
        Hocon.Load("a = [ my name is ${n}, Hello ${w} ], n = Ann, w = Bob").GetStringList("a"));
}
