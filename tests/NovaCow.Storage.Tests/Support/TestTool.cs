namespace NovaCow.Storage.Tests;

/// <summary>Runs the system's own tools beside the code under test.</summary>
internal static class TestTool
{
    public static async Task<string> RunAsync(string tool, params string[] arguments)
    {
        var (code, output, error) = await TryRunAsync(tool, arguments);
        Assert.True(
            code == 0, $"{tool} {string.Join(' ', arguments)} failed with {code}: {output}{error}");
        return output;
    }

    public static Task<(int Code, string Output, string Error)> TryRunAsync(
        string tool, params string[] arguments) => Command.TryRunAsync(tool, arguments);

    /// <summary>Skips the test where a tool is missing.</summary>
    public static void Need(params string[] tools)
    {
        foreach (var tool in tools)
        {
            if (!Command.Has(tool))
                Assert.Skip($"{tool} is not installed");
        }
    }
}
