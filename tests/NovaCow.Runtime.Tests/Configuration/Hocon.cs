using NovaCow.Runtime.Configuration;

namespace NovaCow.Runtime.Tests.Configuration;

/// <summary>What these tests share; no environment variable leaks into them.</summary>
internal static class Hocon
{
    public static ConfigurationOptions Without { get; } = With([]);

    public static ConfigurationOptions With(Dictionary<string, string> environment) =>
        new() { Environment = name => environment.GetValueOrDefault(name) };

    public static Config Load(string text) =>
        ConfigurationFactory.LoadString(text, "t.conf", options: Without);

    /// <summary>The resolved document as JSON on one line.</summary>
    public static string Json(string text) => Load(text).Render(RenderOptions.Concise);

    /// <summary>The unresolved root, which may be a list, as JSON on one line.</summary>
    public static string Parse(string text) =>
        ConfigurationFactory.ParseValue(text, "t.conf", Without).ToString();

    public static ConfigurationException Fails(string text) =>
        Assert.Throws<ConfigurationException>(() => Load(text));

    public static ConfigurationException FailsToParse(string text) =>
        Assert.Throws<ConfigurationException>(() => Parse(text));

    public static void Same(string one, string other) => Assert.Equal(Load(one), Load(other));
}
