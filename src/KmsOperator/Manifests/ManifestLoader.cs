namespace KmsOperator.Manifests;

/// <summary>
/// Reads KeyClasses, ServiceKeys and KeyReplicas from files and directories, as strictly as the API server does. Resources of other
/// groups are passed over, so that a folder with manifests of all kinds may be given.
/// </summary>
internal static class ManifestLoader
{
    /// <summary>The path that stands for standard input.</summary>
    public const string StandardInput = "-";

    private const int LengthOfProbe = 8192;

    private static readonly string[] Extensions = [".yaml", ".yml", ".json"];

    /// <summary>Reads files, and directories with all that is below them in the order of their paths.</summary>
    /// <param name="paths">Files and directories.</param>
    /// <param name="input">What <c>-</c> stands for; null where it is a path as any other.</param>
    /// <returns>What could be read, and every error; a resource with an error is not among the resources.</returns>
    public static ManifestSet Load(IEnumerable<string> paths, TextReader? input = null)
    {
        var reading = new ManifestReading();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var path in paths)
        {
            if (input is not null && path == StandardInput)
            {
                new ManifestFile(path, reading).Read(input);
                continue;
            }

            if (!Directory.Exists(path) && !File.Exists(path))
            {
                reading.Errors.Add(Unreadable(path, "no such file or directory"));
                continue;
            }

            string[] files = [.. Files(path)];
            if (files.Length == 0) reading.Errors.Add(Unreadable(path, $"holds no manifests: no file there ends in {string.Join(", ", Extensions)}"));

            // Given twice, alone and with its directory, it is still one file.
            foreach (var file in files.Where(file => seen.Add(Path.GetFullPath(file)))) Read(file, reading);
        }

        return reading.ToSet();
    }

    /// <summary>Reads one text as if it were the content of <paramref name="file"/>.</summary>
    public static ManifestSet Parse(string file, string text)
    {
        var reading = new ManifestReading();
        using var reader = new StringReader(text);
        new ManifestFile(file, reading).Read(reader);
        return reading.ToSet();
    }

    /// <summary>What is said of a file that is no text.</summary>
    internal const string NotText = "is not text, so it is no YAML or JSON manifest";

    private static void Read(string file, ManifestReading reading)
    {
        try
        {
            using var reader = File.OpenText(file);
            if (IsBinary(reader))
            {
                reading.Errors.Add(Unreadable(file, NotText));
                return;
            }

            new ManifestFile(file, reading).Read(reader);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            reading.Errors.Add(Unreadable(file, $"cannot be read: {exception.Message}"));
        }
    }

    /// <summary>Text has no zero byte. A pipe is not looked at, since it cannot be read twice.</summary>
    internal static bool IsBinary(StreamReader reader)
    {
        if (!reader.BaseStream.CanSeek) return false;
        var probe = new char[LengthOfProbe];
        var length = reader.ReadBlock(probe);
        reader.BaseStream.Position = 0;
        reader.DiscardBufferedData();
        return probe.AsSpan(0, length).Contains('\0');
    }

    private static ManifestError Unreadable(string path, string message) => new(path, 0, null, message) { IsUnreadable = true };

    /// <summary>A file alone, or the manifests below a directory in the order of their paths.</summary>
    internal static IEnumerable<string> Files(string path) => File.Exists(path)
        ? [path]
        : Directory.EnumerateFiles(path, "*", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 32 })
            .Where(file => Extensions.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase))
            .Order(StringComparer.Ordinal);
}
