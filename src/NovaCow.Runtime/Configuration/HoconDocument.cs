using System.Text;

namespace NovaCow.Runtime.Configuration;

/// <summary>
/// One text being parsed and where it stands: its name, its directory, the files that include it,
/// and the path of the object that it is included in. It reads included files, within limits.
/// </summary>
internal sealed class HoconDocument
{
    private static readonly UTF8Encoding StrictUtf8 =
        new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly Budget budget;
    private readonly HoconDocument? includedBy;
    private readonly string? fullPath;

    private HoconDocument(
        string source, string? directory, string? fullPath, Budget budget, HoconLimits limits)
    {
        (Source, Directory, this.fullPath, this.budget) = (source, directory, fullPath, budget);
        (Limits, Roots) = (limits, [null]);
    }

    private HoconDocument(HoconDocument outer, string path, HoconPath? at)
        : this(
            path, Path.GetDirectoryName(path), Path.GetFullPath(path), outer.budget, outer.Limits)
    {
        includedBy = outer;
        Base = at;
        var isNewRoot = at?.ToString() != outer.Roots[0]?.ToString();
        Roots = isNewRoot && at is not null ? [at, .. outer.Roots] : outer.Roots;
    }

    public string Source { get; }

    public HoconLimits Limits { get; }

    /// <summary>Where this document's root stands in the whole; null at its root.</summary>
    public HoconPath? Base { get; }

    /// <summary>The roots that a substitution may start from, nearest first.</summary>
    public IReadOnlyList<HoconPath?> Roots { get; }

    private string? Directory { get; }

    public static HoconValue ParseText(string text, string source, ConfigurationOptions options) =>
        HoconParser.Parse(
            new(source, options.BaseDirectory, null, new(), options.Limits), text);

    public static HoconValue ParseFile(string path, ConfigurationOptions options)
    {
        var document = new HoconDocument(
            path, Path.GetDirectoryName(path), Path.GetFullPath(path), new(), options.Limits);
        var text = document.Read(HoconOrigin.None) ?? throw new ConfigurationException(
            $"{path}: the file does not exist: check the name, or create it");
        return HoconParser.Parse(document, text);
    }

    /// <summary>
    /// The objects that an include names, in the order in which they are merged: none when
    /// nothing is there and it is not required.
    /// </summary>
    public List<HoconObject> Include(
        string name, bool required, HoconPath? path, HoconOrigin origin)
    {
        var found = new List<HoconObject>();
        foreach (var candidate in Candidates(Locate(name, origin)))
        {
            var inner = new HoconDocument(this, candidate, path);
            inner.CheckNesting(origin);
            if (inner.Read(origin) is not { } text)
                continue;
            found.Add(HoconParser.Parse(inner, text) as HoconObject
                ?? throw new ConfigurationException(
                    $"the included file {candidate} has a list at its root: an included file "
                    + "must hold keys and values", origin));
        }
        if (found.Count == 0 && required)
            throw new ConfigurationException(
                $"the required file {Locate(name, origin)} does not exist: create it, or drop "
                + "'required'", origin);
        return found;
    }

    private string Locate(string name, HoconOrigin origin)
    {
        if (name.Length == 0 || name.Contains('\0'))
            throw new ConfigurationException("an include needs the name of a file", origin);
        if (Path.IsPathRooted(name))
            return name;
        return Path.Combine(Directory ?? throw new ConfigurationException(
            $"include \"{name}\": this text is no file, so a relative name leads nowhere: "
            + "name the file from '/', or parse a file", origin), name);
    }

    /// <summary>A name with a known extension is a file; another is tried with each.</summary>
    private static IEnumerable<string> Candidates(string path)
    {
        if (path.EndsWith(".conf", StringComparison.Ordinal)
            || path.EndsWith(".json", StringComparison.Ordinal))
            return [path];
        string[] known = [path + ".json", path + ".conf"];
        return Array.Exists(known, File.Exists) ? known : [path];
    }

    private void CheckNesting(HoconOrigin origin)
    {
        var chain = new List<string> { Source };
        for (var outer = includedBy; outer is not null; outer = outer.includedBy)
        {
            chain.Insert(0, outer.Source);
            if (outer.fullPath == fullPath)
                throw new ConfigurationException(
                    $"files include each other: {string.Join(" → ", chain)}; remove one include",
                    origin);
        }
        if (chain.Count > Limits.MaxIncludeDepth)
            throw new ConfigurationException(
                $"includes are nested more than {Limits.MaxIncludeDepth} deep "
                + $"({nameof(Limits.MaxIncludeDepth)}): include the files from one", origin);
    }

    private string? Read(HoconOrigin origin)
    {
        try
        {
            return StrictUtf8.GetString(ReadBytes(origin));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException(
                $"{Source} cannot be read: {e.Message}", origin, inner: e);
        }
        catch (DecoderFallbackException e)
        {
            throw new ConfigurationException(
                $"{Source} is not UTF-8 (byte {e.Index}): save it as UTF-8", origin, inner: e);
        }
    }

    private byte[] ReadBytes(HoconOrigin origin)
    {
        using var stream = File.OpenRead(fullPath!);
        if (++budget.Files > Limits.MaxIncludes)
            throw new ConfigurationException(
                $"more than {Limits.MaxIncludes} files are included "
                + $"({nameof(Limits.MaxIncludes)}): include each once", origin);
        var buffer = new MemoryStream();
        var chunk = new byte[16 * 1024];
        for (int read; (read = stream.Read(chunk)) > 0; buffer.Write(chunk, 0, read))
        {
            budget.Bytes += read;
            if (budget.Bytes > Limits.MaxDocumentLength)
                throw new ConfigurationException(
                    $"{Source}, with what is included before it, has more than "
                    + $"{Limits.MaxDocumentLength} bytes ({nameof(Limits.MaxDocumentLength)})",
                    origin);
        }
        return buffer.ToArray();
    }

    /// <summary>What a document and everything it includes have used so far.</summary>
    private sealed class Budget
    {
        public int Files { get; set; }

        public long Bytes { get; set; }
    }
}
