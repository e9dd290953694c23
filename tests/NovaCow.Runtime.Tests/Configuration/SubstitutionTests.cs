using NovaCow.Runtime.Configuration;

namespace NovaCow.Runtime.Tests.Configuration;

/// <summary>The specification's examples on substitution, self-reference and <c>+=</c>.</summary>
public sealed class SubstitutionTests
{
    [Theory]
    [InlineData("key : ${animal.favorite} is my favorite animal")]
    [InlineData("key : ${animal.favorite}\" is my favorite animal\"")]
    public void A_substitution_joins_with_text_on_its_line(string text) => Assert.Equal(
        "cat is my favorite animal", Hocon.Load(text + "\nanimal.favorite = cat").GetString("key"));

    [Fact]
    public void Nothing_is_substituted_inside_quotes() =>
        Assert.Equal("${a}", Hocon.Load("b = \"${a}\", c = \"\"\"${a}\"\"\"").GetString("c"));

    [Theory]
    [InlineData("[${ ?foo}]")]
    [InlineData("[$ {foo}]")]
    [InlineData("[${]")]
    [InlineData("[${}]")]
    [InlineData("[${?}]")]
    [InlineData("[${foo]")]
    [InlineData("[${foo\n}]")]
    [InlineData("[${${foo}}]")]
    [InlineData("[${foo[0]}]")]
    [InlineData("[${foo..bar}]")]
    public void A_malformed_substitution_is_refused(string text) => Hocon.FailsToParse(text);

    [Theory]
    [InlineData("b=${a}, a=1, a=2", "b", "2")]
    [InlineData("b=${ a.\"x.y\" }, a { \"x.y\" = 3 }", "b", "3")]
    [InlineData("b=${a}, a=${c}, c=4", "b", "4")]
    [InlineData("b=${c d}, \"c d\"=5", "b", "5")]
    [InlineData("b=${true}, true=6", "b", "6")]
    public void A_substitution_looks_forward_to_the_last_value(
        string text, string key, string value) =>
        Assert.Equal(value, Hocon.Load(text).GetString(key));

    [Fact]
    public void A_substitution_alone_keeps_the_type_of_its_value() => Assert.Equal(
        """{"v":[1,true,null,"s",{"x":1},[2]]}""",
        Hocon.Json("v=[${p.i},${p.t},${p.n},${p.s},${p.o},${p.l}],"
            + "p={i=1,t=true,n=null,s=s,o={x=1},l=[2]}")
            .Replace(""","p":{"i":1,"t":true,"n":null,"s":"s","o":{"x":1},"l":[2]}""", ""));

    [Fact]
    public void The_environment_is_asked_last_and_only_for_what_is_not_set()
    {
        var options = Hocon.With(new() { ["HOME"] = "/root", ["EMPTY"] = "", ["N"] = "7" });
        var config = ConfigurationFactory.LoadString(
            "a = ${HOME}, b = ${?EMPTY}, n = ${N}, c = ${?NONE}, N2 = null, d = ${N2}, e = ${f}\n"
            + "f = set", "t", options: options);
        Assert.Equal("/root", config.GetString("a"));
        Assert.Equal("", config.GetString("b"));
        Assert.Equal(7, config.GetInt("n"));
        Assert.False(config.HasPath("c"));
        Assert.Equal("set", config.GetString("e"));
    }

    [Fact]
    public void Null_keeps_the_environment_from_being_asked()
    {
        var options = Hocon.With(new() { ["HOME"] = "/root" });
        var config = ConfigurationFactory.LoadString("HOME = null, a = ${HOME}", options: options);
        Assert.IsType<HoconNull>(config.GetValue("a"));
    }

    [Fact]
    public void A_list_comes_from_numbered_variables()
    {
        var options = Hocon.With(new() { ["X_0"] = "a", ["X_1"] = "b", ["X_3"] = "d" });
        var config = ConfigurationFactory.LoadString(
            "l = ${X[]}, m = [0], m = ${?Y[]}, x = [9], n = ${x[]} ${X[]}", options: options);
        Assert.Equal(["a", "b"], config.GetStringList("l"));
        Assert.Equal(["0"], config.GetStringList("m"));
        Assert.Equal(["9", "a", "b"], config.GetStringList("n"));
    }

    [Fact]
    public void An_undefined_substitution_is_an_error_with_its_place()
    {
        var error = Hocon.Fails("a = 1\nb.c = x ${no.such}");
        Assert.Equal("t.conf:2:9", error.Origin.ToString());
        Assert.StartsWith("t.conf:2:9: b.c: ${no.such} refers to a key", error.Message);
    }

    [Theory]
    [InlineData("a = ${?no}", "{}")]
    [InlineData("a = 1, a = ${?no}", """{"a":1}""")]
    [InlineData("a = {b=1}, a = ${?no}", """{"a":{"b":1}}""")]
    [InlineData("a = [1, ${?no}, 2]", """{"a":[1,2]}""")]
    [InlineData("a = x${?no}y", """{"a":"xy"}""")]
    [InlineData("a = ${?no} [1]", """{"a":[1]}""")]
    [InlineData("a = {b=1} ${?no}", """{"a":{"b":1}}""")]
    [InlineData("a : ${?bar}${?baz}", "{}")]
    [InlineData("a : ${?bar} ${?baz}", "{}")]
    [InlineData("a : ${?bar}${?b}, b = 1", """{"a":1,"b":1}""")]
    public void An_undefined_optional_substitution_leaves_no_trace(string text, string json) =>
        Assert.Equal(json, Hocon.Json(text));

    [Theory]
    [InlineData("path : \"a:b:c\"\npath : ${path}\":d\"", "path", "a:b:c:d")]
    [InlineData("a=1,a=${a}x,a=${a}y,a=${a}z", "a", "1xyz")]
    [InlineData("a=1,a=${?a}foo${?a}", "a", "1foo1")]
    [InlineData("a = ${?a}foo", "a", "foo")]
    [InlineData("a = ${?a}foo${?a}", "a", "foo")]
    [InlineData("a=${?b}foo,b=${?a}", "a", "foo")]
    [InlineData("a=1,a=${a},a=${a},a=${a}", "a", "1")]
    [InlineData("a.b.c=1, a.b.c=${a.b.c}2", "a.b.c", "12")]
    [InlineData("a=1, b=${a}, a=${b}", "a", "1")]
    [InlineData("b=${a}, a=1, a=${b}", "b", "1")]
    [InlineData("a=1, b=${c}, c=${a}, a=${b}", "a", "1")]
    [InlineData("d=0, d=${b}, b=${a}2, a=1, a=${b}", "d", "12")]
    [InlineData("a=1, a=${a}, a=2", "a", "2")]
    public void A_key_may_build_on_its_value_before(string text, string key, string value) =>
        Assert.Equal(value, Hocon.Load(text).GetString(key));

    [Theory]
    [InlineData("path = [ /bin ]\npath = ${path} [ /usr/bin ]", "path=[/bin,/usr/bin]")]
    [InlineData("foo : { a : 1 }\nfoo : ${foo}", "foo : { a : 1 }")]
    [InlineData("foo : ${?foo}", "")]
    [InlineData("foo : ${does-not-exist}\nfoo : 42", "foo : 42")]
    [InlineData("foo : ${foo}, foo : 42", "foo : 42")]
    [InlineData("foo : { a : { c : 1 } }\nfoo : ${foo.a}\nfoo : { a : 2 }", "foo:{a:2,c:1}")]
    [InlineData("foo : { a : { c : 1 } }\nfoo : ${foo.a}", "foo:{a:{c:1},c:1}")]
    [InlineData("bar : { foo : 42, baz : ${bar.foo} }", "bar : { foo : 42, baz : 42 }")]
    [InlineData(
        "bar : { foo : 42, baz : ${bar.foo} }\nbar : { foo : 43 }", "bar : { foo : 43, baz : 43 }")]
    [InlineData(
        "bar : { a : ${foo.d}, b : 1 }\nbar.b = 3\nfoo : { c : ${bar.b}, d : 2 }\nfoo.d = 4",
        "bar : { a : 4, b : 3 }, foo : { c : 3, d : 4 }")]
    [InlineData("a={b={c=5}}, a={ x : ${a.b} }, a={b=2}", "a={b=2,x=2}")]
    [InlineData("a={b=5}, a=${a}, a={c=6}", "a={b=5,c=6}")]
    [InlineData("a : { b : 3 }, a : { b : 2 } ${a}", "a : { b : 3 }")]
    [InlineData("a : { a : 0 }, a : ${a} { b : 1 }, a : ${a} { c : 2 }", "a : {a:0,b:1,c:2}")]
    [InlineData("a=1, a={ x : 42, y : ${a.x} }", "a={ x : 42, y : 42 }")]
    [InlineData("d { x = [] }, c : ${d}, c { x += 1, x += 2 }", "d { x = [] }, c { x = [1,2] }")]
    [InlineData("d{x=[]}, c=${d}, c{x=${c.x}[1], x=${c.x}[2]}", "d { x = [] }, c { x = [1,2] }")]
    [InlineData("a : {b : ${c.x}, z : 9}, c : ${a}, c.x : 1", "a{b=1,z=9},c{b=1,z=9,x=1}")]
    [InlineData("foo : ${x}, foo : {b:1}, x : ${foo.b}", "foo{b=1},x=1")]
    [InlineData("x : ${foo.b}, foo : ${x}, foo : {b:1}", "foo{b=1},x=1")]
    public void The_specifications_merges_come_out_as_it_says(string text, string expected) =>
        Hocon.Same(expected, text);

    [Fact]
    public void Objects_inherit_by_concatenation() => Hocon.Same(
        "data-center-generic = { cluster-size = 6 }\n"
            + "data-center-east = ${data-center-generic} { name = \"east\" }",
        "data-center-generic.cluster-size = 6\ndata-center-east { cluster-size = 6, name = east }");

    [Fact]
    public void Two_keys_that_each_want_the_others_value_get_the_same()
    {
        var config = Hocon.Load("a : 1\nb : 2\na : ${b}\nb : ${a}");
        Assert.Equal(config.GetInt("a"), config.GetInt("b"));
    }

    [Theory]
    [InlineData("foo : ${foo}", "refers to its own key")]
    [InlineData("foo : ${foo}\nfoo : { a : 1 }", "refers to its own key")]
    [InlineData("bar : ${foo}, foo : ${bar}", "${foo} (t.conf:1) → ${bar} (t.conf:1) → ${foo}")]
    [InlineData("a : ${b}\nb : ${c}\nc : ${a}", "${b} (t.conf:1) → ${c} (t.conf:2) → ${a}")]
    [InlineData("a : { b : ${a} }", "contains itself")]
    [InlineData("a : [${a}]", "contains itself")]
    [InlineData("a=1,a=[${a}, 2]", "contains itself")]
    [InlineData("a=1,a={ x : ${a} }", "contains itself")]
    [InlineData("a { b = ${c} }, c = ${a}", "contains itself")]
    public void A_circle_that_cannot_be_broken_is_an_error_that_shows_it(
        string text, string message) => Assert.Contains(message, Hocon.Fails(text).Message);

    [Theory]
    [InlineData("a = { b = ${?a} }", """{"a":{}}""")]
    [InlineData("a = [ ${?a}, 1 ]", """{"a":[1]}""")]
    [InlineData("a = ${?b}, b = ${?a}", "{}")]
    [InlineData("a=${?b},b=${?c},c=${?a},d=1", """{"d":1}""")]
    public void An_optional_link_of_a_circle_is_as_if_undefined(string text, string json) =>
        Assert.Equal(json, Hocon.Json(text));

    [Theory]
    [InlineData("a += b", "a = [b]")]
    [InlineData("a = [], a += 2", "a = [2]")]
    [InlineData("a = [1], a += 2, a += 3", "a = [1,2,3]")]
    [InlineData("a.b.c = [1], a.b.c += 2", "a.b.c = [1,2]")]
    [InlineData("a : { b : { c : [1] } }, a : { b : { c += 2 } }", "a.b.c = [1,2]")]
    [InlineData("a += {b:1}, a += {b:2}", "a = [{b:1},{b:2}]")]
    [InlineData("x { a += 1, a += [2] }", "x.a = [1,[2]]")]
    [InlineData("a = ${x}, a += ${y}, x = [1], y = 2", "a = [1,2], x = [1], y = 2")]
    public void Plus_equals_appends_one_element(string text, string expected) =>
        Hocon.Same(expected, text);

    [Theory]
    [InlineData("a = 10, a += 2")]
    [InlineData("a = abc, a += 2")]
    [InlineData("a = { x : y }, a += 2")]
    [InlineData("a = [ { b += 1 } ]")]
    public void Plus_equals_needs_a_list_before_it(string text) => Hocon.Fails(text);

    [Fact]
    public void A_thousand_appends_are_one_list() => Assert.Equal(
        1_000,
        Hocon.Load(string.Concat(Enumerable.Range(0, 1_000).Select(i => $"a += {i}\n")))
            .GetIntList("a").Count);

    [Fact]
    public void Objects_with_numbers_for_keys_join_lists_in_the_order_of_the_numbers() =>
        Assert.Equal(
            ["x", "a", "b", "c"],
            Hocon.Load("a = [x] { 10 : c, 2 : b, \"0\" : a, other : d }").GetStringList("a"));
}
