using NovaCow.Runtime.Configuration;

namespace NovaCow.Runtime.Tests.Configuration;

/// <summary>The specification's examples on path expressions and keys.</summary>
public sealed class PathTests
{
    [Theory]
    [InlineData("10.0foo", "10", "0foo")]
    [InlineData("foo10.0", "foo10", "0")]
    [InlineData("foo\"10.0\"", "foo10.0")]
    [InlineData("1.2.3", "1", "2", "3")]
    [InlineData("foo.bar.\"hello.world\"", "foo", "bar", "hello.world")]
    [InlineData("a.\"\".b", "a", "", "b")]
    [InlineData("a b c", "a b c")]
    [InlineData("true", "true")]
    [InlineData("3.14", "3", "14")]
    [InlineData("  a.b  ", "a", "b")]
    [InlineData("/a/b/c", "/a/b/c")]
    public void A_path_expression_is_split_at_unquoted_dots(string text, params string[] keys) =>
        Assert.Equal(keys, HoconPath.Parse(text).Keys);

    [Theory]
    [InlineData("a..b")]
    [InlineData(".a")]
    [InlineData("a.")]
    [InlineData(".")]
    [InlineData("")]
    [InlineData("a\nb")]
    [InlineData("a[b]")]
    [InlineData("${a}")]
    public void A_malformed_path_is_refused(string text) =>
        Assert.Throws<ConfigurationException>(
            () => HoconPath.Parse(text));

    [Theory]
    [InlineData("foo.bar : 42", "foo { bar : 42 }")]
    [InlineData("foo.bar.baz : 42", "foo { bar { baz : 42 } }")]
    [InlineData("a.x : 42, a.y : 43", "a { x : 42, y : 43 }")]
    [InlineData("a b c : 42", "\"a b c\" : 42")]
    [InlineData("true : 42", "\"true\" : 42")]
    [InlineData("3 : 42", "\"3\" : 42")]
    [InlineData("3.14 : 42", "\"3\" : { \"14\" : 42 }")]
    [InlineData("foo.bar \n : bar", "foo { bar : bar }")]
    [InlineData("foo \n { a : 1 }", "foo { a : 1 }")]
    public void A_path_as_key_makes_nested_objects(string one, string other) =>
        Hocon.Same(one, other);

    [Theory]
    [InlineData("{ a : 1 } : 2")]
    [InlineData("{ { a : 1 } : value }")]
    [InlineData("{ [ a ] : value }")]
    [InlineData("${a} : 1")]
    [InlineData("a${b} : 1")]
    [InlineData("{ 1,2 }")]
    [InlineData("{ foo }")]
    [InlineData("{ foo : }")]
    [InlineData("{ : 10 }")]
    [InlineData("{ foo \n bar : 10 }")]
    [InlineData("{ foo , true }")]
    [InlineData("{ foo : true \"bar\" : false }")]
    [InlineData(" foo : 10 [ ")]
    [InlineData("{}x")]
    [InlineData("{}{}")]
    [InlineData("[]true")]
    [InlineData("a = ")]
    [InlineData("a.b=")]
    [InlineData("+= 10")]
    [InlineData("10 +=")]
    [InlineData("[ \"foo\" : \"bar\" ]")]
    [InlineData("[ 10, {]")]
    [InlineData("[ 10, }]")]
    public void A_malformed_document_is_refused(string text)
    {
        var error = Hocon.FailsToParse(text);
        Assert.StartsWith("t.conf:", error.Message);
        Assert.True(error.Origin.Line > 0);
    }
}
