using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
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
/// comparison sees it and forgets the answer. Only somebody who in those minutes puts the very policy again that was there before is taken for
/// KMS; the event says which statements that is about.
/// </remarks>
internal static class PolicyReadBack
{
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
            return null;
        }

        cache.PolicyAnswer = new PolicyAnswer(step.Policy.Sha256, Sha256(answer));
        return "KMS answers with another policy than the operator has just put"
            + (PolicyDifference.Describe(step.Policy.Text, answer) is { } difference ? $" ({difference})" : "")
            + ". This answer counts as that policy from now on, and the policy is put again only when the spec or the answer changes.";
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
}
