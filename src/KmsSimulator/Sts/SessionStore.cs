using System.Collections.Concurrent;
using System.Security.Cryptography;
using KmsSimulator.Protocol;
using KmsSimulator.State;

namespace KmsSimulator.Sts;

/// <summary>Whose an access key is. Those that STS gave belong to the role's account, all others to one account.</summary>
/// <remarks>Sessions never expire and outlive a reset: clients hold on to them, and would call as somebody else.</remarks>
internal sealed class SessionStore
{
    /// <summary>The account of all credentials that STS did not give.</summary>
    public const string DefaultAccount = "123456789012";

    private readonly ConcurrentDictionary<string, Caller> _sessions = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _ended = new(StringComparer.Ordinal);

    /// <summary>Who calls.</summary>
    /// <exception cref="ServiceException">UnrecognizedClientException: the session's role was deleted.</exception>
    public Caller CallerOf(string? accessKeyId, string region)
    {
        if (accessKeyId is not null && _sessions.TryGetValue(accessKeyId, out var caller))
        {
            return _ended.ContainsKey(accessKeyId)
                ? throw new ServiceException("UnrecognizedClientException", "The security token included in the request is invalid.")
                : caller;
        }

        var arn = $"arn:{Arn.Partition(region)}:iam::{DefaultAccount}:user/simulator";
        return new Caller(DefaultAccount, arn, arn, "AIDASIMULATORSIMULATOR");
    }

    /// <summary>A new access key's id: a credential, so no seed fixes it, and none comes twice, not even in another process.</summary>
    public string Add(Caller caller)
    {
        var accessKeyId = "ASIA" + RandomNumberGenerator.GetString("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16);
        _sessions[accessKeyId] = caller;
        return accessKeyId;
    }

    /// <summary>Ends the sessions of a role that is deleted; a role that is made again is another one.</summary>
    public void End(string roleArn)
    {
        foreach (var (accessKeyId, caller) in _sessions)
        {
            if (caller.PrincipalArn == roleArn)
                _ended[accessKeyId] = true;
        }
    }

    /// <summary>No role was deleted.</summary>
    public void Reset() => _ended.Clear();
}
