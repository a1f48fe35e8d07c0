using System.CommandLine;
using System.Text.RegularExpressions;
using KmsOperator.Aws;
using KmsOperator.Configuration;
using KmsOperator.Importing;
using KmsOperator.Importing.Ack;
using KmsOperator.Importing.Aws;
using KmsOperator.Importing.Crossplane;
using KmsOperator.Importing.Drafting;
using KmsOperator.Importing.Objects;
using KmsOperator.Importing.Output;
using KmsOperator.Importing.Reporting;
using KmsOperator.Importing.Terraform;
using KmsOperator.Planning;

namespace KmsOperator.Commands;

/// <summary><c>kms-operator import</c>: manifests for keys that another tool has, or nobody. It only reads.</summary>
internal static partial class ImportCommand
{
    private const string NothingWritten = "Nothing was written.";

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var state = new Option<string?>("--tfstate") { Description = "A Terraform state of version 4, or the output of terraform show -json; - for standard input." };
        var files = new Option<string[]>("--filename", "-f") { Description = "A file or directory with Key, ReplicaKey, Alias and Grant objects of ACK or Crossplane, as kubectl get -o yaml writes them; may be given several times." };
        var fromAws = new Option<bool>("--from-aws") { Description = "Customer managed keys that KMS has, by the ambient credentials. Needs --region." };
        var regions = new Option<string[]>("--region") { Description = "With --from-aws: a Region; may be given several times." };
        regions.Validators.Add(result =>
        {
            foreach (var region in result.Tokens.Where(token => !Region().IsMatch(token.Value)))
            {
                result.AddError($"--region: '{region.Value}' is not a Region like eu-central-1.");
            }
        });
        var aliasPrefix = new Option<string?>("--alias-prefix") { Description = "With --from-aws: only keys with an alias that begins with alias/ and this." };
        var outputDirectory = new Option<string?>("--output-dir") { Description = "Folder for the manifests, a file for each. Without it they go to standard output." };
        var force = new Option<bool>("--force") { Description = "Overwrite files of other content in the folder." };
        var report = new Option<string?>("--report") { Description = "File for the report, Markdown if its name ends in .md. Without it the report goes to standard error." };
        var @namespace = new Option<string?>("--namespace", "-n") { Description = "Namespace of the resources; without it, the one that kubectl applies them to." };
        @namespace.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } name && ResourceName.CheckNamespace(name) is { } wrong)
            {
                result.AddError($"--namespace: {wrong}.");
            }
        });

        var command = new Command(
            "import", "Write manifests for keys that another tool has, or nobody. Exit code 0: all of them; 2: something is left to do by hand; 1: nothing was written. Nothing in AWS is changed.")
        {
            state, files, fromAws, regions, aliasPrefix, outputDirectory, force, report, @namespace,
        };
        command.Validators.Add(result =>
        {
            var sources = new[] { result.GetResult(state) is not null, result.GetResult(files) is not null, result.GetValue(fromAws) }.Count(given => given);
            if (sources != 1)
            {
                result.AddError("import: name one source: --tfstate FILE, -f FILE|DIRECTORY, or --from-aws --region REGION.");
            }
            else if (result.GetValue(fromAws) != (result.GetValue(regions) is { Length: > 0 }))
            {
                result.AddError("--region: belongs to --from-aws, which needs at least one.");
            }
            else if (result.GetValue(aliasPrefix) is not null && !result.GetValue(fromAws))
            {
                result.AddError("--alias-prefix: belongs to --from-aws.");
            }
        });
        command.SetAction(async (result, cancellationToken) =>
        {
            var (output, errors) = (result.InvocationConfiguration.Output, result.InvocationConfiguration.Error);
            var target = new ImportTarget(result.GetValue(outputDirectory), result.GetValue(force), result.GetValue(report)) { Namespace = result.GetValue(@namespace) };
            return result.GetValue(state) is { } file ? Finish(ReadState(file), LetGo.Terraform, target, output, errors)
                : result.GetValue(fromAws) ? Finish(await ReadAwsAsync(result.GetValue(regions)!, result.GetValue(aliasPrefix), cancellationToken), LetGo.Nobody, target, output, errors)
                : Finish(ReadObjects(result.GetValue(files)!), LetGo.Objects, target, output, errors);
        });
        return command;
    }

    /// <summary>Drafts, and writes all or nothing.</summary>
    internal static int Finish(ForeignKeys foreign, LetGo letGo, ImportTarget target, TextWriter output, TextWriter errors)
    {
        if (foreign.Errors.Count > 0)
        {
            foreach (var error in foreign.Errors)
            {
                errors.WriteLine(error);
            }

            return ExitCodes.Failure;
        }

        var draft = ImportDrafting.Draft(foreign, target.Namespace);
        var release = letGo.FileOf(draft);
        var report = new ImportReport(draft, (letGo.Title, release?.Text.TrimEnd().Split('\n') ?? []));
        if (draft.Keys.Count == 0)
        {
            errors.Write(report.ToText());
            errors.WriteLine($"There is no key that can be imported. {NothingWritten}");
            return ExitCodes.Failure;
        }

        try
        {
            if (target.Folder is null)
            {
                output.Write(ImportFiles.Stream(draft));
            }
            else if (!WriteFolder(target.Folder, [.. ImportFiles.Of(draft), .. release is null ? [] : (OutputFile[])[release]], target.Force, errors))
            {
                return ExitCodes.Failure;
            }

            if (target.Report is { } path)
            {
                File.WriteAllText(path, path.EndsWith(".md", StringComparison.OrdinalIgnoreCase) ? report.ToMarkdown() : report.ToText());
            }
            else
            {
                errors.Write(report.ToText());
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            errors.WriteLine(exception.Message);
            return ExitCodes.Failure;
        }

        return draft.IsComplete ? ExitCodes.Success : ExitCodes.Found;
    }

    private static bool WriteFolder(string folder, IReadOnlyList<OutputFile> files, bool force, TextWriter errors)
    {
        if (File.Exists(folder))
        {
            errors.WriteLine($"--output-dir: {folder} is a file. {NothingWritten}");
            return false;
        }

        if (!force && OutputFolder.FindConflicts(folder, files) is [var first, ..] conflicts)
        {
            errors.WriteLine($"{first}{(conflicts.Count > 1 ? $" and {conflicts.Count - 1} more" : "")}: is there already with another content; name another --output-dir, or overwrite with --force. {NothingWritten}");
            return false;
        }

        OutputFolder.Write(folder, files);
        return true;
    }

    private static ForeignKeys ReadState(string file)
    {
        if (file != "-" && !File.Exists(file))
        {
            return ForeignKeys.Failed(file, 0, Directory.Exists(file) ? "is a directory; name the file of the state, for example terraform.tfstate in it" : "no such file");
        }

        try
        {
            return TerraformKeys.Read(file == "-" ? "standard input" : file, file == "-" ? ReadStandardInput() : File.ReadAllBytes(file));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return ForeignKeys.Failed(file, 0, $"cannot be read: {exception.Message}");
        }
    }

    private static byte[] ReadStandardInput()
    {
        using var input = Console.OpenStandardInput();
        using var content = new MemoryStream();
        input.CopyTo(content);
        return content.ToArray();
    }

    private static ForeignKeys ReadObjects(string[] paths)
    {
        var (objects, errors) = ForeignObjects.Load(paths, [AckKeys.Group, .. CrossplaneKeys.Groups]);
        var ack = AckKeys.Of([.. objects.Where(one => one.Group == AckKeys.Group)]);
        var crossplane = CrossplaneKeys.Of([.. objects.Where(one => one.Group != AckKeys.Group)]);
        return errors.Count > 0 ? new ForeignKeys { Errors = errors }
            : objects.Count == 0 ? ForeignKeys.Failed(paths[0], 0, $"holds no objects of {AckKeys.Group}, {string.Join(" or ", CrossplaneKeys.Groups)}; write those of the cluster with kubectl get -o yaml")
            : new ForeignKeys { Keys = [.. ack.Keys, .. crossplane.Keys.ExceptBy(ack.Keys.Select(key => key.Arn), key => key.Arn)], Left = [.. ack.Left, .. crossplane.Left], Kept = [.. ack.Kept, .. crossplane.Kept] };
    }

    [GeneratedRegex(@"^[a-z]{2}(-[a-z]+)+-[0-9]+\z")]
    private static partial Regex Region();

    private static async Task<ForeignKeys> ReadAwsAsync(IReadOnlyList<string> regions, string? aliasPrefix, CancellationToken cancellationToken)
    {
        var time = TimeProvider.System;
        WebIdentity.Register();
        using var clients = new AwsClients(RoleSessionName.ForCluster("import"), new RequestRateLimiter(RequestRateLimiter.DefaultShare, time), time: time);
        return await new AwsKeys(new RegionalClientFactory(clients, time, TimeSpan.Zero), time).ReadAsync(regions, aliasPrefix, cancellationToken);
    }
}

/// <summary>Where the output goes.</summary>
/// <param name="Folder">Folder for the manifests; null for standard output.</param>
/// <param name="Force">Whether other files may be overwritten.</param>
/// <param name="Report">File for the report; null for standard error.</param>
internal sealed record ImportTarget(string? Folder, bool Force, string? Report)
{
    /// <summary>Namespace of the resources; null to leave it to <c>kubectl</c>.</summary>
    public string? Namespace { get; init; }
}
