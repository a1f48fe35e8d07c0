using System.CommandLine;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Amazon.KeyManagementService.Model;
using KmsOperator.Aws;
using KmsOperator.Commands.Output;
using KmsOperator.Configuration;
using KmsOperator.Explaining;
using KmsOperator.Manifests;
using KmsOperator.Policies;
using KmsOperator.Policies.Evaluation;

namespace KmsOperator.Commands;

/// <summary><c>kms-operator explain</c>: whether a key policy lets a principal do something, and why.</summary>
internal static partial class ExplainCommand
{
    /// <summary>The command.</summary>
    /// <param name="environment">Value of an environment variable, null if unset.</param>
    /// <param name="input">What <c>-f -</c> reads.</param>
    public static Command Create(Func<string, string?> environment, TextReader input)
    {
        var files = ManifestOptions.Filename(isRequired: false);
        var key = new Option<string?>("--key") { Description = "The ARN of a key that exists; its policy is read by the AWS SDK's default credentials." };
        key.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } arn && !ArnOfKey().IsMatch(arn))
            {
                result.AddError($"--key: '{arn}' is not the ARN of a key, such as arn:aws:kms:eu-west-1:111122223333:key/1234abcd-....");
            }
        });
        var principal = new Option<string>("--principal")
        {
            Description = "Who: the ARN of a role, a user, a session or an account, a service principal, or the name of a role in the key's account.",
            Required = true,
        };
        var action = new Option<string>("--action") { HelpName = "action", Description = "What, for example kms:Decrypt.", Required = true };
        action.Validators.Add(result => CheckAction(result.GetValueOrDefault<string>(), "--action", result.AddError));
        action.CompletionSources.Add([.. KmsActions.All]);
        var via = new Option<string?>("--via-service") { Description = "The service that makes the call on the principal's behalf, for example s3." };
        var callerAccount = ManifestOptions.Account("--caller-account", "Account of a principal that is given by its name; default: the key's (12 digits).");
        var context = new Option<string[]>("--context")
        {
            Description = "A condition key's value, or a pair of the encryption context, as name=value; may be given several times.",
            AllowMultipleArgumentsPerToken = false,
        };
        context.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => token.Value.IndexOf('=', StringComparison.Ordinal) < 1))
            {
                result.AddError($"--context: '{token.Value}' is not of the form name=value.");
            }
        });
        var account = ManifestOptions.Account();
        var output = ManifestOptions.Output("--output", "-o", "text", "json");

        var command = new Command("explain", "Say whether a key policy lets a principal do something, by which statements, and what IAM must still allow.")
        {
            files, key, principal, action, via, callerAccount, context, account, output,
        };
        command.Validators.Add(result =>
        {
            if ((result.GetValue(files) is { Length: > 0 }) == (result.GetValue(key) is not null))
            {
                result.AddError("--filename (-f) or --key: give one of the two, manifests or a key that exists.");
            }
        });
        command.SetAction(async (result, cancellationToken) =>
        {
            var question = new AccessQuestion(
                result.GetValue(principal)!, KmsActions.TryFind(result.GetValue(action)!)!, result.GetValue(via), result.GetValue(callerAccount), [.. (result.GetValue(context) ?? []).Select(Pair)]);
            var (to, errors) = (result.InvocationConfiguration.Output, result.InvocationConfiguration.Error);
            if (question.FindMistake() is { } mistake)
            {
                await errors.WriteLineAsync(mistake);
                return ExitCodes.Usage;
            }

            if (result.GetValue(key) is { } arn)
            {
                WebIdentity.Register();
                using var clients = new AwsClients("kms-operator-explain");
                return await RunAsync(clients, arn, question, result.GetValue(output)!, environment, to, errors, cancellationToken);
            }

            var paths = result.GetValue(files)!;
            return WhoCanCommand.Select(ManifestLoader.Load(paths, input), paths, result.GetValue(account), errors) is { } keys
                ? Write(keys, question, result.GetValue(output)!, environment, to)
                : ExitCodes.InvalidInput;
        });
        return command;
    }

    /// <summary>Explains the policy of a key that exists.</summary>
    internal static async Task<int> RunAsync(
        AwsClients clients, string arn, AccessQuestion question, string format, Func<string, string?> environment, TextWriter output, TextWriter errors, CancellationToken cancellationToken)
    {
        try
        {
            var kms = clients.For(new AwsAccess(null, null, arn.Split(':')[3])).Reading;
            var policy = await kms.GetKeyPolicyAsync(new GetKeyPolicyRequest { KeyId = arn, PolicyName = "default" }, cancellationToken);
            return Write([ExplainedKey.Of(arn, policy.Policy)], question, format, environment, output);
        }
        catch (Exception e) when (AwsFailure.Of(e, cancellationToken) is { } failure)
        {
            await errors.WriteLineAsync($"--key: the policy of {arn} cannot be read: {AwsFailureAdvice.Explain(failure)}");
            return ExitCodes.Failure;
        }
    }

    /// <summary>Refuses what is not one action of KMS.</summary>
    internal static void CheckAction(string? text, string argument, Action<string> report)
    {
        if (text?.StartsWith('-') == true)
        {
            report($"Unrecognized command or argument '{text}'.");
        }
        else if (text is not null && KmsActions.TryFind(text) is null)
        {
            var suggestion = Suggestion.For(text.Contains(':', StringComparison.Ordinal) ? text : $"kms:{text}", KmsActions.All);
            var advice = text.Contains('*', StringComparison.Ordinal) ? ", ask about one at a time." : suggestion.Length > 0 ? suggestion : ".";
            report($"{argument}: '{text}' is not an action of KMS{advice}");
        }
    }

    private static int Write(IReadOnlyList<ExplainedKey> keys, AccessQuestion question, string format, Func<string, string?> environment, TextWriter output)
    {
        AccessExplanation[] explanations = [.. keys.Select(key => AccessExplanation.Of(key, question.About(key)))];
        if (format == "json")
        {
            output.WriteLine(JsonOutput.Of(new JsonArray([.. explanations.Select(ExplanationJson.Of)])));
            return ExitCodes.Success;
        }

        var text = HumanOutput.To(output, environment);
        foreach (var explanation in explanations)
        {
            Write(explanation, text);
        }

        return ExitCodes.Success;
    }

    private static void Write(AccessExplanation explanation, HumanOutput text)
    {
        var (facts, key) = (explanation.Facts, explanation.Key);
        var (words, tone) = explanation.Decision.Result switch
        {
            AccessResult.Allowed => ("allowed by the key policy", Tone.Good),
            AccessResult.Denied => ("denied by the key policy", Tone.Bad),
            AccessResult.Unknown => ($"it depends{(explanation.Unknown.Count > 0 ? $" on {string.Join(", ", explanation.Unknown)}; say it with --context" : "")}", Tone.Doubtful),
            _ => ("not allowed by the key policy; only a grant could allow it", Tone.Bad),
        };
        text.Line($"{key.Name}{(key.AliasName is { } alias ? $", {alias}" : "")}, account {key.Location.AccountId}, {key.Location.Region}", Tone.Strong);
        text.Part($"  {facts.Caller.Name} {facts.Action}{(facts.ViaService is { } via ? $" through {via}" : "")}: ", Tone.Plain);
        text.Line(words, tone);
        if (explanation.NeededFromIam is { } iam)
        {
            text.Line($"  and {iam}", Tone.Doubtful);
        }
        else if (explanation.Decision.Result == AccessResult.Allowed && facts.Caller.AccountId is not null)
        {
            text.Line("  no IAM policy is needed; one that denies it would still count");
        }

        var grants = explanation.Grants.ToArray();
        foreach (var grant in grants)
        {
            text.Line($"  beside the policy grant {grant.Name} allows it: {grant}", Tone.Good);
        }

        if (grants.Length == 0 && key.Grants.Count > 0)
        {
            text.Line($"  beside the policy there are grants, which do not: {string.Join(", ", key.Grants.Select(grant => grant.Name))}");
        }

        foreach (var match in explanation.Near)
        {
            var applies = match.Applies switch { Answer.Yes => "applies", Answer.No => "does not apply", _ => "may apply" };
            text.Line($"  {match.Statement.Name} ({(match.Statement.IsAllow ? "Allow" : "Deny")}) {applies}{(explanation.Decision.Deciding.Contains(match) ? ", decides" : "")}");
            foreach (var reason in MatchWords.Of(match, facts))
            {
                text.Line($"    - {reason}");
            }
        }
    }

    private static KeyValuePair<string, string> Pair(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        return KeyValuePair.Create(text[..equals], text[(equals + 1)..]);
    }

    [GeneratedRegex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", RegexOptions.ExplicitCapture)]
    private static partial Regex ArnOfKey();
}
