using KmsOperator.Api;
using KmsOperator.Manifests;
using KmsOperator.Planning;
using KmsOperator.UnitTests.Schema;
using Xunit;

namespace KmsOperator.UnitTests.Validation;

/// <summary>One file of <c>tests/crd-cases</c>: a resource, or the two versions of one that is updated.</summary>
internal sealed record CrdCase(string Path, string? Expected, ManifestSet Manifests)
{
    private const string Directory = "tests/crd-cases";
    private const string ExpectMark = "# expect: ";

    public static TheoryData<string> Paths(string group) =>
        [.. RepositoryFiles.Yaml(Directory).Select(file => System.IO.Path.GetRelativePath(RepositoryFiles.Path(Directory), file)).Where(path => path.Split('/')[1] == group)];

    public static CrdCase Load(string path)
    {
        var text = File.ReadAllText(RepositoryFiles.Path(Directory, path));
        var first = text.Split('\n')[0];
        return new CrdCase(path, first.StartsWith(ExpectMark, StringComparison.Ordinal) ? first[ExpectMark.Length..] : null, ManifestLoader.Parse(path, text));
    }

    /// <summary>All that the operator finds wrong with the resource, or with the update.</summary>
    public IReadOnlyList<string> Errors()
    {
        var resources = Manifests.Resources.Select(manifest => manifest.Resource).ToList();
        if (resources is [var first, _]) Assert.Empty(Check(first));
        Assert.InRange(resources.Count + Manifests.Errors.Count, 1, 2);
        IEnumerable<FieldError> errors = resources switch
        {
            [] => [],
            [var only] => Check(only),
            [var before, var after] => [.. Check(after), .. CheckUpdate(before, after)],
            _ => throw new InvalidOperationException(Path),
        };
        return [.. Manifests.Errors.Select(error => error.ToString()), .. errors.Select(error => error.ToString())];
    }

    private static IReadOnlyList<FieldError> Check(IResource resource) => resource switch
    {
        KeyClass keyClass => SpecValidation.Validate(keyClass),
        ServiceKey key => SpecValidation.Validate(key),
        KeyReplica replica => SpecValidation.Validate(replica),
        _ => throw new InvalidOperationException(resource.Kind),
    };

    private static IReadOnlyList<FieldError> CheckUpdate(IResource before, IResource after) => (before, after) switch
    {
        (ServiceKey was, ServiceKey now) => SpecValidation.ValidateUpdate(was, now),
        (KeyReplica was, KeyReplica now) => SpecValidation.ValidateUpdate(was, now),
        _ => [],
    };
}
