using System.CommandLine;
using KmsOperator.Configuration;
using KmsOperator.Importing;
using KmsOperator.Importing.Drafting;
using KmsOperator.Importing.Output;
using KmsOperator.Importing.Reporting;
using KmsOperator.Importing.Terraform;
using KmsOperator.Planning;

namespace KmsOperator.Commands;

/// <summary><c>kms-operator import</c>: manifests for keys that another tool has, or nobody. It only reads.</summary>
internal static class ImportCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var state = new Option<string?>("--tfstate") { Description = "A Terraform state of version 4, or the output of terraform show -json; - for standard input." };
        var outputDirectory = new Option<string?>("--output-dir") { Description = "Folder for the manifests, a file for each. Without it they go to standard output." };
        var force = new Option<bool>("--force") { Description = "Overwrite files of other content in the folder." };
        var report = new Option<string?>("--report") { Description = "File for the report, Markdown if its name ends in .md. Without it the report goes to standard error." };
        var ns = new Option<string?>("--namespace", "-n") { Description = "Namespace of the resources; without it, the one that kubectl applies them to." };
        ns.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } name && ResourceName.CheckNamespace(name) is { } wrong)
            {
                result.AddError($"--namespace: {wrong}.");
            }
        });

        var command = new Command(
            "import", "Write manifests for keys that another tool has. Exit code 0: all of them; 2: something is left to do by hand; 1: nothing was written. Nothing in AWS is changed.")
        {
            state, outputDirectory, force, report, ns,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(state) is null)
            {
                result.AddError("import: name a source: --tfstate FILE.");
            }
        });
        command.SetAction(result =>
        {
            var (output, errors) = (result.InvocationConfiguration.Output, result.InvocationConfiguration.Error);
            var target = new ImportTarget(result.GetValue(outputDirectory), result.GetValue(force), result.GetValue(report));
            return Finish(ReadState(result.GetValue(state)!), result.GetValue(ns), target, output, errors);
        });
        return command;
    }

    /// <summary>Drafts, and writes all or nothing.</summary>
    internal static int Finish(ForeignKeys foreign, string? @namespace, ImportTarget target, TextWriter output, TextWriter errors)
    {
        if (foreign.Errors.Count > 0)
        {
            foreach (var error in foreign.Errors)
            {
                errors.WriteLine(error);
            }

            return ExitCodes.Failure;
        }

        var draft = ImportDrafting.Draft(foreign, @namespace);
        var imported = draft.Keys.SelectMany(key => key.Foreign.Sources).ToArray();
        List<OutputFile> files = [.. ImportFiles.Of(draft)];
        var removed = imported.Length > 0 ? RemovedBlocks.Write(imported, draft.Kept) : "";
        if (removed.Length > 0)
        {
            files.Add(new OutputFile("removed.tf", removed));
        }

        var report = new ImportReport(draft, ("How Terraform lets go without destroying (removed.tf)", removed.TrimEnd().Split('\n')));
        if (draft.Keys.Count == 0)
        {
            errors.Write(report.ToText());
            errors.WriteLine("There is no key that can be imported. Nothing was written.");
            return ExitCodes.Failure;
        }

        try
        {
            if (target.Folder is { } folder)
            {
                if (!target.Force && OutputFolder.FindConflicts(folder, files) is [var first, ..] conflicts)
                {
                    errors.WriteLine($"{first}{(conflicts.Count > 1 ? $" and {conflicts.Count - 1} others" : "")}: there already with another content; name another --output-dir, or --force to overwrite. Nothing was written.");
                    return ExitCodes.Failure;
                }

                OutputFolder.Write(folder, files);
            }
            else
            {
                output.Write(ImportFiles.Stream(draft));
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

    private static ForeignKeys ReadState(string file)
    {
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
        var bytes = content.ToArray();
        System.Security.Cryptography.CryptographicOperations.ZeroMemory(content.GetBuffer());
        return bytes;
    }
}

/// <summary>Where the output goes.</summary>
/// <param name="Folder">Folder for the manifests; null for standard output.</param>
/// <param name="Force">Whether other files may be overwritten.</param>
/// <param name="Report">File for the report; null for standard error.</param>
internal sealed record ImportTarget(string? Folder, bool Force, string? Report);
