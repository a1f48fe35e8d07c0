namespace KmsOperator.Importing.Output;

/// <summary>Writes the files of an import into a folder: all of them or none.</summary>
internal static class OutputFolder
{
    /// <summary>Files that are in the folder already, with another content.</summary>
    public static IReadOnlyList<string> FindConflicts(string folder, IReadOnlyList<OutputFile> files) =>
        [.. files.Select(file => (Path: Path.Combine(folder, file.Name), file.Text)).Where(file => Path.Exists(file.Path) && !HasText(file.Path, file.Text)).Select(file => file.Path)];

    /// <summary>Writes the files beside the folder first, and moves them when all of them are there.</summary>
    /// <exception cref="IOException">A file cannot be written. The folder is as it was, unless the move of a file into a folder that was there already failed.</exception>
    public static void Write(string folder, IReadOnlyList<OutputFile> files)
    {
        var target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        var partial = $"{target}.partial-{Environment.ProcessId}";
        try
        {
            Directory.CreateDirectory(partial);
            foreach (var file in files)
            {
                File.WriteAllText(Path.Combine(partial, file.Name), file.Text);
            }

            if (!Directory.Exists(target))
            {
                Directory.Move(partial, target);
                return;
            }

            foreach (var file in files)
            {
                File.Move(Path.Combine(partial, file.Name), Path.Combine(target, file.Name), overwrite: true);
            }
        }
        finally
        {
            if (Directory.Exists(partial))
            {
                Directory.Delete(partial, recursive: true);
            }
        }
    }

    private static bool HasText(string path, string text) => File.Exists(path) && File.ReadAllText(path) == text;
}
