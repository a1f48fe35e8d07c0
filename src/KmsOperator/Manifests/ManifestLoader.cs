namespace KmsOperator.Manifests;

/// <summary>
/// Reads KeyClasses, ServiceKeys and KeyReplicas from files and directories, as strictly as the API server does. Resources of other
/// groups are passed over, so that a folder with manifests of all kinds may be given.
/// </summary>
internal static class ManifestLoader
{
    private static readonly string[] Extensions = [".yaml", ".yml", ".json"];

    /// <summary>Reads files, and directories with all that is below them in the order of their paths.</summary>
    /// <returns>What could be read, and every error; a resource with an error is not among the resources.</returns>
    public static ManifestSet Load(IEnumerable<string> paths)
    {
        var reading = new ManifestReading();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var path in paths)
        {
            if (!Directory.Exists(path) && !File.Exists(path))
            {
                reading.Errors.Add(new ManifestError(path, 0, null, "no such file or directory"));
                continue;
            }

            // Given twice, alone and with its directory, it is still one file.
            foreach (var file in Files(path).Where(file => seen.Add(Path.GetFullPath(file)))) Read(file, reading);
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

    private static void Read(string file, ManifestReading reading)
    {
        try
        {
            using var reader = File.OpenText(file);
            new ManifestFile(file, reading).Read(reader);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            reading.Errors.Add(new ManifestError(file, 0, null, $"cannot be read: {exception.Message}"));
        }
    }

    /// <summary>A file alone, or the manifests below a directory in the order of their paths.</summary>
    internal static IEnumerable<string> Files(string path) => File.Exists(path)
        ? [path]
        : Directory.EnumerateFiles(path, "*", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 32 })
            .Where(file => Extensions.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase))
            .Order(StringComparer.Ordinal);
}
