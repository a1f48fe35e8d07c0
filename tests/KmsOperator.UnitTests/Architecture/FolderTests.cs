using System.Text.RegularExpressions;
using KmsOperator.UnitTests.Schema;
using Xunit;

namespace KmsOperator.UnitTests.Architecture;

/// <summary>The folders of the executable: folder is namespace, and no folders refer to each other in a circle.</summary>
public sealed partial class FolderTests
{
    private static readonly string Root = RepositoryFiles.Path("src", "KmsOperator");

    private static readonly (string Folder, string Text)[] Sources =
    [
        .. Directory.EnumerateFiles(Root, "*.cs", SearchOption.AllDirectories)
            .Select(path => (Relative: Path.GetRelativePath(Root, path), Text: File.ReadAllText(path)))
            .Where(file => !file.Relative.StartsWith("obj", StringComparison.Ordinal) && !file.Relative.StartsWith("bin", StringComparison.Ordinal))
            .Select(file => (Path.GetDirectoryName(file.Relative)!.Replace(Path.DirectorySeparatorChar, '.'), Comments().Replace(file.Text, ""))),
    ];

    [Fact]
    public void The_namespace_of_a_file_is_its_folder() => Assert.All(Sources.Where(file => file.Folder.Length > 0), file =>
        Assert.Contains($"namespace KmsOperator.{file.Folder};", file.Text, StringComparison.Ordinal));

    [Fact]
    public void No_folders_refer_to_each_other_in_a_circle()
    {
        var folders = Sources.Select(file => file.Folder).Where(folder => folder.Length > 0).ToHashSet();

        // A type of another folder needs a using directive, but for the folders above.
        var references = Sources
            .SelectMany(file => Usings().Matches(file.Text).Select(match => match.Groups["folder"].Value).Where(folders.Contains)
                .Concat(folders.Where(above => file.Folder.StartsWith(above + ".", StringComparison.Ordinal) && DeclaredIn(above).Any(type => Refers(file.Text, type))))
                .Select(folder => (From: file.Folder, To: folder)))
            .Where(reference => reference.From.Length > 0)
            .ToHashSet();
        Assert.True(references.Count > 20, "the search finds the references that everybody knows of");

        // Folders that nothing of what is left refers to go, until none is left; what stays is in a circle.
        var left = references.SelectMany(reference => new[] { reference.From, reference.To }).ToHashSet();
        while (left.Where(folder => !references.Any(reference => reference.To == folder && left.Contains(reference.From))).ToArray() is { Length: > 0 } free)
        {
            left.ExceptWith(free);
        }

        Assert.True(left.Count == 0, $"in a circle, or referred to by one: {string.Join(", ", left.Order(StringComparer.Ordinal))}");
    }

    [GeneratedRegex(@"///?.*$", RegexOptions.Multiline)]
    private static partial Regex Comments();

    [GeneratedRegex(@"^(?:internal|public)[\w\s]*? (?:class|record struct|record|interface|struct|enum) (?<name>\w+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Declarations();

    [GeneratedRegex(@"^using KmsOperator\.(?<folder>[\w.]+);", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Usings();

    private static IEnumerable<string> DeclaredIn(string folder) =>
        Sources.Where(file => file.Folder == folder).SelectMany(file => Declarations().Matches(file.Text)).Select(match => match.Groups["name"].Value);

    private static bool Refers(string text, string type) => Regex.IsMatch(text, $@"(?<![\w.]){type}\b");
}
