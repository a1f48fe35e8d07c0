using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using KmsOperator.Api;
using KmsOperator.Kubernetes;
using Microsoft.Extensions.Logging;

namespace KmsOperator.Sharding;

/// <summary>
/// The live instances, by annotations of one Lease that nobody holds: each instance writes its own again and again, and sees all others in the answer. An
/// instance counts as live until its annotation has not changed for some time.
/// </summary>
/// <remarks>Clocks of different machines are never compared, as with a <see cref="LeaderLease"/>. The time in the annotation is for people.</remarks>
/// <param name="api">The API server.</param>
/// <param name="key">The Lease. It is created if it does not exist.</param>
/// <param name="identity">Identifies this instance.</param>
/// <param name="expiry">How long after its last change an annotation counts.</param>
/// <param name="time">Its monotonic clock decides.</param>
/// <param name="logger">Told when the Lease cannot be written.</param>
internal sealed class ShardMembers(IKubernetesApi api, NamespacedName key, string identity, TimeSpan expiry, TimeProvider time, ILogger logger)
{
    private const string Prefix = "member.kms.servicekey.dev/";
    private const int LongestName = 63;

    // An annotation that has not changed for so many times the expiry is removed. Its instance writes it again if it lives after all.
    private const int ForgottenAfter = 8;

    private readonly string _self = NameOf(identity);
    private readonly Dictionary<string, (string Value, long SeenAt)> _seen = new(StringComparer.Ordinal);
    private long _beats;

    /// <summary>The names of the live instances, this one included, as of the last <see cref="BeatAsync"/>.</summary>
    public IReadOnlyList<string> Live =>
        [.. _seen.Where(member => member.Key != _self && time.GetElapsedTime(member.Value.SeenAt) < expiry).Select(member => member.Key).Append(_self)];

    /// <summary>The name by which an instance is a member: its identity, of which an annotation's name takes only the last 63 characters.</summary>
    public static string NameOf(string identity) =>
        identity.Length <= LongestName ? identity : identity[^LongestName..].TrimStart('-', '_', '.');

    /// <summary>Says that this instance lives, and looks which others do.</summary>
    /// <returns>False if the API server could not be asked.</returns>
    public async Task<bool> BeatAsync(CancellationToken cancellationToken)
    {
        var annotations = new JsonObject
        {
            [Prefix + _self] = string.Create(CultureInfo.InvariantCulture, $"{++_beats} {time.GetUtcNow().UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}"),
        };
        foreach (var gone in _seen.Where(member => member.Key != _self && time.GetElapsedTime(member.Value.SeenAt) > ForgottenAfter * expiry).Select(member => member.Key).ToList())
        {
            annotations[Prefix + gone] = null;
        }

        try
        {
            See(await WriteAsync(annotations, cancellationToken));
            return true;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return false;
        }
        catch (Exception e)
        {
            logger.LogWarning("Cannot write lease {Lease}, so the shards stay where they are: {Message}", key, e.Message);
            return false;
        }
    }

    /// <summary>Says that this instance is about to end, so that the others take its shards.</summary>
    public async Task LeaveAsync(CancellationToken cancellationToken)
    {
        try
        {
            await PatchAsync(new JsonObject { [Prefix + _self] = null }, cancellationToken);
        }
        catch (Exception e)
        {
            logger.LogWarning("Cannot leave lease {Lease}, the others notice within {Expiry}: {Message}", key, expiry, e.Message);
        }
    }

    private async Task<Lease> WriteAsync(JsonObject annotations, CancellationToken cancellationToken)
    {
        try
        {
            return await PatchAsync(annotations, cancellationToken);
        }
        catch (KubernetesApiException e) when (e.IsNotFound)
        {
            await CreateAsync(cancellationToken);
            return await PatchAsync((JsonObject)annotations.DeepClone(), cancellationToken);
        }
    }

    private async Task CreateAsync(CancellationToken cancellationToken)
    {
        try
        {
            await api.CreateAsync(BuiltInTypes.Leases, new Lease { Metadata = new ObjectMeta { Namespace = key.Namespace, Name = key.Name } }, cancellationToken);
        }
        catch (KubernetesApiException e) when (e.StatusCode == HttpStatusCode.Conflict)
        {
            // Another instance was faster.
        }
    }

    // Without a resourceVersion: each instance writes its own annotation only.
    private Task<Lease> PatchAsync(JsonObject annotations, CancellationToken cancellationToken) => api.MergePatchAsync(
        BuiltInTypes.Leases, key, new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = annotations } }, null, cancellationToken);

    private void See(Lease lease)
    {
        var written = (lease.Metadata.Annotations ?? new Dictionary<string, string>())
            .Where(annotation => annotation.Key.StartsWith(Prefix, StringComparison.Ordinal))
            .ToDictionary(annotation => annotation.Key[Prefix.Length..], annotation => annotation.Value, StringComparer.Ordinal);
        foreach (var gone in _seen.Keys.Except(written.Keys).ToList())
        {
            _seen.Remove(gone);
        }

        foreach (var (name, value) in written)
        {
            if (!_seen.TryGetValue(name, out var before) || before.Value != value)
            {
                _seen[name] = (value, time.GetTimestamp());
            }
        }
    }
}
