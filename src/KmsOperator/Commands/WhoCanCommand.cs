using System.CommandLine;
using System.Text.Json.Nodes;
using KmsOperator.Commands.Output;
using KmsOperator.Configuration;
using KmsOperator.Explaining;
using KmsOperator.Manifests;
using KmsOperator.Policies.Evaluation;

namespace KmsOperator.Commands;

/// <summary><c>kms-operator who-can</c>: everybody whom the policies of keys let do something.</summary>
internal static class WhoCanCommand
{
    /// <summary>The command.</summary>
    /// <param name="environment">Value of an environment variable, null if unset.</param>
    /// <param name="input">What <c>-f -</c> reads.</param>
    public static Command Create(Func<string, string?> environment, TextReader input)
    {
        var action = new Argument<string>("action") { HelpName = "action", Description = "What, for example kms:Decrypt." };
        action.Validators.Add(result => ExplainCommand.CheckAction(result.GetValueOrDefault<string>(), "action", result.AddError));
        action.CompletionSources.Add([.. KmsActions.All]);
        var files = ManifestOptions.Filename();
        var account = ManifestOptions.Account();
        var output = ManifestOptions.Output("--output", "-o", "text", "json");
        var command = new Command("who-can", "List everybody whom the policies of keys let do something, and when.") { action, files, account, output };
        command.SetAction(result => Run(
            Select(ManifestLoader.Load(result.GetValue(files)!, input), result.GetValue(files)!, result.GetValue(account), result.InvocationConfiguration.Error),
            KmsActions.TryFind(result.GetValue(action)!)!, result.GetValue(output)!, environment, result.InvocationConfiguration.Output));
        return command;
    }

    /// <summary>The keys of manifests; null when something is wrong with them, which is then said.</summary>
    internal static IReadOnlyList<ExplainedKey>? Select(ManifestSet manifests, IReadOnlyList<string> paths, string? account, TextWriter errors)
    {
        var selection = KeySelection.Of(manifests, paths, account);
        foreach (var line in selection.Errors.Select(error => error.ToString()).Concat(selection.Notes))
        {
            errors.WriteLine(line);
        }

        return selection.Errors.Count > 0 ? null : selection.Keys;
    }

    private static int Run(IReadOnlyList<ExplainedKey>? keys, string action, string format, Func<string, string?> environment, TextWriter output)
    {
        if (keys is null)
        {
            return ExitCodes.InvalidInput;
        }

        KeyAccess[] all = [.. keys.Select(key => KeyAccess.Of(key, action))];
        if (format == "json")
        {
            output.WriteLine(JsonOutput.Of(new JsonArray([.. all.Select(access => ExplanationJson.Of(access, action))])));
            return ExitCodes.Success;
        }

        var text = HumanOutput.To(output, environment);
        foreach (var access in all)
        {
            text.Line($"{access.Key.Name}{(access.Key.AliasName is { } alias ? $", {alias}" : "")}, account {access.Key.Location.AccountId}, {access.Key.Location.Region}", Tone.Strong);
            if (access.Allowed.Count == 0)
            {
                text.Line($"nobody can {action} by the key policy");
            }
            else
            {
                text.Table(["KIND", "PRINCIPAL", "WHEN", "IAM", "STATEMENT"], access.Allowed.Select(Row));
            }

            foreach (var denied in access.Denied)
            {
                text.Line($"but not: {denied.Principal}, {denied.Conditions} ({denied.Statement.Name})", Tone.Doubtful);
            }

            foreach (var grant in access.Grants)
            {
                text.Line($"beside the policy, by grant {grant.Name}: {grant}");
            }

            text.Line();
        }

        return ExitCodes.Success;
    }

    private static IReadOnlyList<string> Row(PrincipalAccess one) => [one.Kind, one.Principal, one.Conditions, one.NeedsIam ? "needed" : "-", one.Statement.Name.Trim('"')];
}
