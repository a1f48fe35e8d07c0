using KmsOperator.IntegrationTests.ControlPlane;
using Xunit;

namespace KmsOperator.IntegrationTests.Upgrades;

/// <summary>
/// The CRDs, and the samples that they accept, as they were in the repository before their last change. Until November 2026 a default in the
/// CRD of KeyClasses broke a rule of its own field. No server that evaluates CEL takes those CRDs, so nobody has them on one: there this one line is
/// mended, and the rest is as it was.
/// </summary>
internal sealed class EarlierCrds : IDisposable
{
    private const string Crds = "config/crds";
    private const string Cases = "tests/crd-cases";

    private const string RefusedDefault =
        """
                          description: The namespaces whose resources may use the class.
                          type: object
                          default: {}

        """;

    private readonly DirectoryInfo _files = Directory.CreateTempSubdirectory("kms-operator-earlier-");

    private EarlierCrds(string commit) => Commit = commit;

    /// <summary>Where they are from.</summary>
    public string Commit { get; }

    /// <summary>Directory of the CRDs.</summary>
    public string Folder => Path.Combine(_files.FullName, Crds);

    /// <summary>The samples that were accepted.</summary>
    public IEnumerable<string> Accepted => Directory.EnumerateFiles(Path.Combine(_files.FullName, Cases), "*.yaml", SearchOption.AllDirectories)
        .Where(file => file.Contains("/accept/", StringComparison.Ordinal)).Order(StringComparer.Ordinal);

    /// <summary>Takes them from git's history; skips the test where there is none.</summary>
    public static async Task<EarlierCrds> FindAsync()
    {
        if (!Directory.Exists(Path.Combine(Repository.Root, ".git")) && !File.Exists(Path.Combine(Repository.Root, ".git")))
        {
            Assert.Skip("There is no git repository here, so no earlier CRDs.");
        }

        // A commit that changed them may be the present one, or not be made yet.
        foreach (var commit in (await GitAsync("log", "--format=%H", "--", Crds)).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if ((await GitAsync("diff", "--name-only", commit, "--", Crds)).Length == 0)
            {
                continue;
            }

            var earlier = new EarlierCrds(commit);
            foreach (var file in (await GitAsync("ls-tree", "-r", "--name-only", commit, Crds, Cases)).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                var path = Path.Combine(earlier._files.FullName, file);
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                var text = await GitAsync("show", $"{commit}:{file}");
                await File.WriteAllTextAsync(path, text.Replace(RefusedDefault, RefusedDefault.Replace("{}", "{from: All}", StringComparison.Ordinal), StringComparison.Ordinal));
            }

            return earlier;
        }

        Assert.Skip("Git's history holds no earlier CRDs: the clone is shallow, or they never changed.");
        throw new InvalidOperationException();
    }

    public void Dispose() => _files.Delete(recursive: true);

    private static async Task<string> GitAsync(params string[] arguments) =>
        (await Command.RunAsync("git", ["-C", Repository.Root, .. arguments])).EnsureSuccess();
}
