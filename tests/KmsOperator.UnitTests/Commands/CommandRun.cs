using KmsOperator.Commands;

namespace KmsOperator.UnitTests.Commands;

/// <summary>Runs verbs as a user does, on files of a directory of its own.</summary>
internal sealed class CommandRun : IDisposable
{
    public const string Class = """
        apiVersion: kms.servicekey.dev/v1alpha1
        kind: KeyClass
        metadata: {name: std, annotations: {kms.servicekey.dev/is-default-class: "true"}}
        spec: {region: eu-west-1, aliasPrefix: acme, account: {id: "111122223333"}, access: {administrators: [Admin], users: [App], trustedAccounts: ["444455556666"]}}
        ---

        """;

    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory();

    public string Home => _home.FullName;

    /// <summary>A ServiceKey, one field a line.</summary>
    public static string Key(string name, params string[] fields) =>
        $"apiVersion: kms.servicekey.dev/v1alpha1\nkind: ServiceKey\nmetadata:\n  name: {name}\nspec:\n{string.Concat(fields.Select(field => $"  {field}\n"))}  enabled: true\n---\n";

    public string Write(string name, string text)
    {
        var path = Path.Combine(Home, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    public static Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments) => RunAsync(arguments, input: "");

    public static async Task<(int Code, string Output, string Errors)> RunAsync(string[] arguments, string input, string? name = null)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        using var reader = new StringReader(input);
        var code = await CommandLine.RunAsync(arguments, _ => null, output, errors, reader, name ?? "kms-operator");
        return (code, output.ToString(), errors.ToString());
    }

    public void Dispose() => _home.Delete(recursive: true);
}
