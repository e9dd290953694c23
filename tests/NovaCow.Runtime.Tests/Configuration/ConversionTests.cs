using NovaCow.Runtime.Configuration;

namespace NovaCow.Runtime.Tests.Configuration;

/// <summary>The specification's conversions between types, and its tables of units.</summary>
public sealed class ConversionTests
{
    private static Config Value(string value) => Hocon.Load($"a.b = {value}");

    private static string Refusal(Action read) =>
        Assert.Throws<ConfigurationException>(read).Message;

    [Theory]
    [InlineData("1.50", "1.50")]
    [InlineData("1e5", "1e5")]
    [InlineData("true", "true")]
    [InlineData("\"\"", "")]
    public void Numbers_and_booleans_read_as_the_text_that_was_written(string text, string value) =>
        Assert.Equal(value, Value(text).GetString("a.b"));

    [Theory]
    [InlineData("true", true)]
    [InlineData("\"true\"", true)]
    [InlineData("yes", true)]
    [InlineData("on", true)]
    [InlineData("false", false)]
    [InlineData("no", false)]
    [InlineData("off", false)]
    public void Six_words_are_booleans(string text, bool value) =>
        Assert.Equal(value, Value(text).GetBoolean("a.b"));

    [Theory]
    [InlineData("True")]
    [InlineData("1")]
    [InlineData("y")]
    [InlineData("null")]
    [InlineData("[true]")]
    public void Nothing_else_is_a_boolean(string text) => Assert.StartsWith(
        "t.conf:1:7: a.b: expected true or false", Refusal(() => Value(text).GetBoolean("a.b")));

    [Theory]
    [InlineData("42", 42)]
    [InlineData("\"42\"", 42)]
    [InlineData("-7", -7)]
    [InlineData("1e3", 1000)]
    [InlineData("3.0", 3)]
    [InlineData("2147483647", int.MaxValue)]
    public void Whole_numbers_read_from_numbers_and_text(string text, int value)
    {
        Assert.Equal(value, Value(text).GetInt("a.b"));
        Assert.Equal(value, Value(text).GetLong("a.b"));
    }

    [Theory]
    [InlineData("1.5")]
    [InlineData("2147483648")]
    [InlineData("1e999999999")]
    [InlineData("0x10")]
    [InlineData("01")]
    [InlineData("\"\"")]
    [InlineData("true")]
    [InlineData("1 000")]
    [InlineData("{ x = 1 }")]
    public void What_is_no_whole_number_in_range_is_refused(string text) => Assert.StartsWith(
        "t.conf:1:7: a.b: expected a whole number", Refusal(() => Value(text).GetInt("a.b")));

    [Fact]
    public void Long_and_double_have_their_full_range()
    {
        Assert.Equal(long.MinValue, Value("-9223372036854775808").GetLong("a.b"));
        Assert.Equal(long.MaxValue, Value("9223372036854775807").GetLong("a.b"));
        Assert.Equal(-1.5e-300, Value("-1.5e-300").GetDouble("a.b"));
        Assert.Contains("expected a number", Refusal(() => Value("NaN").GetDouble("a.b")));
        Assert.Contains("expected a number", Refusal(() => Value("1e999").GetDouble("a.b")));
    }

    [Fact]
    public void Every_error_of_type_names_file_line_key_and_remedy()
    {
        Assert.Equal(
            "t.conf:1:7: a.b: expected text, found an object",
            Refusal(() => Value("{}").GetString("a.b")));
        Assert.Equal(
            "t.conf:1:7: a.b: expected text, found null: set it, or remove the null",
            Refusal(() => Value("null").GetString("a.b")));
        Assert.Equal(
            "t.conf:1:7: a.b: expected a list, found text 'x'",
            Refusal(() => Value("x").GetStringList("a.b")));
        Assert.Equal(
            "t.conf:1:7: a.b: expected an object, found a number '1'",
            Refusal(() => Value("1").GetConfig("a.b")));
        Assert.Equal(
            "t.conf:1:11: a.b[1]: expected text, found a list",
            Refusal(() => Value("[x, []]").GetStringList("a.b")));
        Assert.Equal(
            "t.conf:1:1: a.c: the key is not set: set it (there is a.b)",
            Refusal(() => Value("1").GetInt("a.c")));
    }

    [Fact]
    public void Values_from_below_keep_their_place_and_whole_path()
    {
        var config = Hocon.Load("h { store { n = x } }, l = [ { n = y } ]");
        Assert.StartsWith(
            "t.conf:1:17: h.store.n: ",
            Refusal(() => config.GetConfig("h").GetConfig("store").GetInt("n")));
        Assert.StartsWith(
            "t.conf:1:36: l[0].n: ", Refusal(() => config.GetConfigList("l")[0].GetInt("n")));
    }

    [Fact]
    public void A_default_serves_for_missing_and_null_and_never_for_a_wrong_type()
    {
        var config = Hocon.Load("n = null, x = word");
        Assert.Equal(1, config.GetInt("none", 1));
        Assert.Equal(1, config.GetInt("n", 1));
        Assert.Null(config.GetString("none", null));
        Assert.Equal(TimeSpan.FromDays(1), config.GetTimeSpan("none", TimeSpan.FromDays(1)));
        Assert.Equal(5, config.GetByteSize("none.below", 5));
        Assert.Equal(["d"], config.GetStringList("none", ["d"]));
        Assert.True(config.GetBoolean("none", true));
        Assert.Equal(0.5, config.GetDouble("none", 0.5));
        Assert.Equal(9, config.GetLong("none", 9));
        Assert.True(config.GetConfig("none", Config.Empty).IsEmpty);
        Assert.False(config.HasPath("n"));
        Refusal(() => config.GetInt("x", 1));
    }

    [Theory]
    [InlineData("{ \"0\" : a, \"1\" : b }", "a,b")]
    [InlineData("{ 2 : c, 0 : a, other : x, -1 : z }", "a,c")]
    [InlineData("{ 10 : k, 9 : j }", "j,k")]
    public void An_object_with_numbers_for_keys_reads_as_a_list(string text, string items) =>
        Assert.Equal(items, string.Join(',', Value(text).GetStringList("a.b")));

    [Theory]
    [InlineData("{}")]
    [InlineData("{ a : 1 }")]
    [InlineData("text")]
    public void Nothing_else_reads_as_a_list(string text) =>
        Refusal(() => Value(text).GetStringList("a.b"));

    [Theory]
    [InlineData("ns nano nanos nanosecond nanoseconds", 1e-9)]
    [InlineData("us micro micros microsecond microseconds", 1e-6)]
    [InlineData("ms milli millis millisecond milliseconds", 1e-3)]
    [InlineData("s second seconds", 1)]
    [InlineData("m minute minutes", 60)]
    [InlineData("h hour hours", 3600)]
    [InlineData("d day days", 86400)]
    public void Durations_have_these_units_and_only_in_lower_case(string names, double seconds)
    {
        foreach (var name in names.Split(' '))
        {
            var expected = TimeSpan.FromTicks((long)Math.Round(1000 * seconds * 1e7));
            Assert.Equal(expected, Value($"1000{name}").GetTimeSpan("a.b"));
            Assert.Equal(expected, Value($"\"  1000  {name} \"").GetTimeSpan("a.b"));
            Refusal(() => Value($"1{name.ToUpperInvariant()}").GetTimeSpan("a.b"));
        }
    }

    [Fact]
    public void A_duration_is_in_milliseconds_by_default_and_may_have_a_fraction()
    {
        Assert.Equal(TimeSpan.FromMilliseconds(1500), Value("1500").GetTimeSpan("a.b"));
        Assert.Equal(TimeSpan.FromMilliseconds(1500), Value("\"1500\"").GetTimeSpan("a.b"));
        Assert.Equal(TimeSpan.FromMilliseconds(1500), Value("1.5 s").GetTimeSpan("a.b"));
        Assert.Equal(Timeout.InfiniteTimeSpan, Value("infinite").GetTimeSpan("a.b"));
        Refusal(() => Value("infinite").GetTimeSpan("a.b", allowInfinite: false));
    }

    [Theory]
    [InlineData("10 secondes", "did you mean second")]
    [InlineData("10 fortnights", "write for example")]
    [InlineData("s", "is not a number")]
    [InlineData("99999999 d", "longer than")]
    [InlineData("1e28 d", "too large")]
    [InlineData("\"1 s s\"", "is not a number")]
    public void A_bad_duration_says_what_to_write(string text, string message) => Assert.Contains(
        message, Refusal(() => Value(text).GetTimeSpan("a.b")));

    [Theory]
    [InlineData("B b byte bytes", 1, 0)]
    [InlineData("kB kilobyte kilobytes", 1000, 1)]
    [InlineData("MB megabyte megabytes", 1000, 2)]
    [InlineData("GB gigabyte gigabytes", 1000, 3)]
    [InlineData("TB terabyte terabytes", 1000, 4)]
    [InlineData("PB petabyte petabytes", 1000, 5)]
    [InlineData("EB exabyte exabytes", 1000, 6)]
    [InlineData("K k Ki KiB kibibyte kibibytes", 1024, 1)]
    [InlineData("M m Mi MiB mebibyte mebibytes", 1024, 2)]
    [InlineData("G g Gi GiB gibibyte gibibytes", 1024, 3)]
    [InlineData("T t Ti TiB tebibyte tebibytes", 1024, 4)]
    [InlineData("P p Pi PiB pebibyte pebibytes", 1024, 5)]
    [InlineData("E e Ei EiB exbibyte exbibytes", 1024, 6)]
    public void Sizes_have_these_units(string names, int radix, int power)
    {
        var unit = Enumerable.Repeat((long)radix, power).Aggregate(1L, (a, b) => a * b);
        foreach (var name in names.Split(' '))
        {
            Assert.Equal(3 * unit, Value($"3 {name}").GetByteSize("a.b"));
            Assert.Equal(unit * 3 / 2, Value($"\" 1.5{name}\"").GetByteSize("a.b"));
        }
    }

    [Theory]
    [InlineData("1 ZB")]
    [InlineData("1 zettabyte")]
    [InlineData("1 ZiB")]
    [InlineData("1 Z")]
    [InlineData("1 yobibytes")]
    [InlineData("8 EiB")]
    public void Sizes_beyond_64_bits_are_refused_as_such(string text) => Assert.Contains(
        "more than 64 bits", Refusal(() => Value(text).GetByteSize("a.b")));

    [Theory]
    [InlineData("-1")]
    [InlineData("10 kb")]
    [InlineData("10 KB")]
    [InlineData("ten")]
    [InlineData("\"+5\"")]
    [InlineData("[1]")]
    public void What_is_no_size_is_refused(string text) =>
        Assert.StartsWith(
            "t.conf:1:7: a.b: expected a size", Refusal(() => Value(text).GetByteSize("a.b")));

    [Fact]
    public void A_size_is_in_bytes_by_default() =>
        Assert.Equal(4096, Value("4096").GetByteSize("a.b"));
}
