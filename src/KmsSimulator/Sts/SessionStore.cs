using System.Collections.Concurrent;
using KmsSimulator.State;

namespace KmsSimulator.Sts;

/// <summary>Whose an access key is. Those that STS gave belong to the role's account, all others to one account.</summary>
/// <remarks>Sessions never expire and outlive a reset: clients hold on to them, and would call as somebody else.</remarks>
internal sealed class SessionStore(int seed)
{
    /// <summary>The account of all credentials that STS did not give.</summary>
    public const string DefaultAccount = "123456789012";

    // Its own, never reset: an access key must not come twice while its first owner lives.
    private readonly Chance _chance = new(seed);
    private readonly ConcurrentDictionary<string, Caller> _sessions = new(StringComparer.Ordinal);

    public Caller CallerOf(string? accessKeyId, string region)
    {
        if (accessKeyId is not null && _sessions.TryGetValue(accessKeyId, out var caller))
            return caller;
        var arn = $"arn:{Arn.Partition(region)}:iam::{DefaultAccount}:user/simulator";
        return new Caller(DefaultAccount, arn, arn, "AIDASIMULATORSIMULATOR");
    }

    /// <summary>The rest of a new access key's id.</summary>
    public string NextId() => _chance.Base32(16);

    public void Add(string accessKeyId, Caller caller) => _sessions[accessKeyId] = caller;
}
