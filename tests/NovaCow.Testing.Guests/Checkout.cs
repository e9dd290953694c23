namespace NovaCow.Testing.Guests;

/// <summary>The checkout that the test program was built in.</summary>
internal static class Checkout
{
    private static readonly string s_root = Find();

    /// <summary>A file or a folder of it.</summary>
    public static string File(params IReadOnlyList<string> names) =>
        Path.Combine([s_root, .. names]);

    private static string Find()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null;
            folder = Path.GetDirectoryName(folder))
        {
            if (System.IO.File.Exists(Path.Combine(folder, "NovaCow.Actors.sln")))
                return folder;
        }

        throw new InvalidOperationException(
            $"no folder above {AppContext.BaseDirectory} has NovaCow.Actors.sln");
    }
}
