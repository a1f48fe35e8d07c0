namespace KmsOperator.Manifests;

/// <summary>
/// Reads KeyClasses, ServiceKeys and KeyReplicas from files and directories, as strictly as the API server does. Resources of other
/// groups are passed over, so that a whole repository of manifests may be given.
/// </summary>
internal static class ManifestLoader
{
    private static readonly string[] Extensions = [".yaml", ".yml", ".json"];

    /// <summary>Reads files, and directories with all that is below them in the order of their paths.</summary>
    /// <returns>What could be read, and every error; a resource with an error is not among the resources.</returns>
    public static ManifestSet Load(IEnumerable<string> paths)
    {
        List<ManifestResource> resources = [];
        List<ManifestError> errors = [];
        foreach (var path in paths)
        {
            if (!Directory.Exists(path) && !File.Exists(path))
            {
                errors.Add(new ManifestError(path, 0, null, "no such file or directory"));
                continue;
            }

            foreach (var file in Files(path)) Read(file, resources, errors);
        }

        return new ManifestSet(resources, errors);
    }

    /// <summary>Reads one text as if it were the content of <paramref name="file"/>.</summary>
    public static ManifestSet Parse(string file, string text)
    {
        List<ManifestResource> resources = [];
        List<ManifestError> errors = [];
        using var reader = new StringReader(text);
        new ManifestFile(file, resources, errors).Read(reader);
        return new ManifestSet(resources, errors);
    }

    private static void Read(string file, List<ManifestResource> resources, List<ManifestError> errors)
    {
        try
        {
            using var reader = File.OpenText(file);
            new ManifestFile(file, resources, errors).Read(reader);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            errors.Add(new ManifestError(file, 0, null, $"cannot be read: {exception.Message}"));
        }
    }

    private static IEnumerable<string> Files(string path) => File.Exists(path)
        ? [path]
        : Directory.EnumerateFiles(path, "*", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 32 })
            .Where(file => Extensions.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase))
            .Order(StringComparer.Ordinal);
}
