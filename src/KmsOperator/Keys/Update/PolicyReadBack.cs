using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Amazon.KeyManagementService.Model;
using KmsOperator.Aws;
using KmsOperator.Keys.Context;
using KmsOperator.Planning;
using KmsOperator.Policies;

namespace KmsOperator.Keys.Update;

/// <summary>
/// Reads a policy after it was put. KMS may give back a document in a form that <see cref="PolicyComparer"/> does not take for the same, for
/// example the role of a session for the session. To put it again would change nothing, every time. So the answer is remembered with the
/// document, and the same answer to the same document counts as that document.
/// </summary>
/// <remarks>
/// It is remembered by the process only; after a restart the policy is put once more. Where KMS was late to show the new policy, the next
/// comparison sees it and forgets the answer. An answer may also be the state before the put, and somebody may put that again at once. So no answer counts that gives anybody more
/// or less than the document does, and none once KMS has shown the document as it was put.
/// </remarks>
internal static partial class PolicyReadBack
{
    /// <summary>Remembers that KMS shows the policy as it was put, so that no other answer can be KMS's form of it.</summary>
    /// <param name="cache">What the process remembers of the resource.</param>
    /// <param name="desired">The policy that the key should have, and that it has as KMS shows it.</param>
    public static void Shown(ReconcileCacheEntry cache, KeyPolicy desired)
    {
        if (cache.PolicyAnswer is null)
        {
            cache.ShownPolicy = Prefix(desired);
        }
    }

    /// <summary>The key with the policy as it was put, where KMS answers as it did when that was put last.</summary>
    /// <param name="cache">What the process remembers of the resource.</param>
    /// <param name="desired">The policy that the key should have.</param>
    /// <param name="observed">The key as KMS shows it.</param>
    public static ObservedKey Accept(ReconcileCacheEntry cache, KeyPolicy desired, ObservedKey observed)
    {
        if (cache.PolicyAnswer is not { } known)
        {
            return observed;
        }

        if (known == new PolicyAnswer(desired.Sha256, Sha256(observed.Policy)))
        {
            return observed with { Policy = desired.Text };
        }

        cache.PolicyAnswer = null;
        return observed;
    }

    /// <summary>Reads the policy that was put just now, and remembers the answer if it is another one.</summary>
    /// <param name="cache">What the process remembers of the resource.</param>
    /// <param name="region">Where the key is.</param>
    /// <param name="step">What was put.</param>
    /// <param name="keyId">The key.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>What to tell people; null when the policy came back as it was put, or could not be read.</returns>
    public static async Task<string?> ReadAsync(
        ReconcileCacheEntry cache, RegionalClients region, PutKeyPolicyStep step, string keyId, CancellationToken cancellationToken)
    {
        cache.PolicyAnswer = null;
        string answer;
        try
        {
            var response = await region.Clients.Reading.GetKeyPolicyAsync(new GetKeyPolicyRequest { KeyId = keyId, PolicyName = "default" }, cancellationToken);
            answer = response.Policy;
        }
        catch (Exception e) when (AwsFailure.Of(e, cancellationToken) is not null)
        {
            // The put has succeeded. The next comparison reads the policy again.
            return null;
        }

        if (PolicyComparer.AreEquivalent(answer, step.Policy.Text))
        {
            Shown(cache, step.Policy);
            return null;
        }

        if (cache.ShownPolicy == Prefix(step.Policy) || GivesOtherwise(answer, step.Policy.Text))
        {
            // The state before the put, or what somebody has put since. The next comparison puts it right.
            return null;
        }

        cache.PolicyAnswer = new PolicyAnswer(step.Policy.Sha256, Sha256(answer));
        return "KMS answers with another policy than the operator has just put"
            + (PolicyDifference.Describe(step.Policy.Text, answer) is { } difference ? $" ({difference})" : "")
            + ". This answer counts as that policy from now on, and the policy is put again only when the spec or the answer changes.";
    }

    private static ulong Prefix(KeyPolicy policy) => ulong.Parse(policy.Sha256.AsSpan(0, 16), NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    /// <summary>
    /// Whether KMS's answer allows anybody what the document does not, or the other way round. KMS is known to name the role of a session, and a deleted principal by its unique id.
    /// </summary>
    private static bool GivesOtherwise(string answer, string put)
    {
        var sessions = Session().Matches(put).DistinctBy(session => $"{session.Groups["account"].Value}/{session.Groups["role"].Value}").ToDictionary(session => $"{session.Groups["account"].Value}/{session.Groups["role"].Value}", session => session.Value);
        var known = Role().Replace(answer, role => sessions.GetValueOrDefault($"{role.Groups["account"].Value}/{role.Groups["role"].Value}", role.Value));
        var more = AccessLoss.Find(known, put);
        return more.Any(access => !UniqueId().IsMatch(access)) || (more.Count == 0 && AccessLoss.Find(put, known).Count > 0);
    }

    private static string Sha256(string policy)
    {
        try
        {
            using var document = JsonDocument.Parse(policy);
            return KeyPolicy.Of(document.RootElement).Sha256;
        }
        catch (JsonException)
        {
            return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(policy)));
        }
    }

    [GeneratedRegex("arn:aws[a-z-]*:sts::(?<account>[0-9]{12}):assumed-role/(?<role>[^/\"]+)/[^\"]+", RegexOptions.ExplicitCapture)]
    private static partial Regex Session();

    [GeneratedRegex("arn:aws[a-z-]*:iam::(?<account>[0-9]{12}):role/([^\"]*/)?(?<role>[^/\"]+)", RegexOptions.ExplicitCapture)]
    private static partial Regex Role();

    [GeneratedRegex("^A[A-Z0-9]{15,}: ")]
    private static partial Regex UniqueId();
}
