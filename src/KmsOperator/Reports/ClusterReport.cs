using System.Collections.Concurrent;
using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Keys.Context;
using KmsOperator.Keys.Status;
using KmsOperator.Kinds;
using KmsOperator.Kubernetes;
using KmsOperator.Linting;
using KmsOperator.Orphans;
using KmsOperator.Planning;
using KmsOperator.Policies;
using KmsOperator.Policies.Linting;

namespace KmsOperator.Reports;

/// <summary>Reports on the keys of a cluster's resources, and on its keys that no resource has. It only reads.</summary>
/// <param name="api">The API server.</param>
/// <param name="regions">Clients of accounts and Regions.</param>
/// <param name="time">The clock.</param>
internal sealed class ClusterReport(IKubernetesApi api, RegionalClientFactory regions, TimeProvider time)
{
    private const int Concurrency = 8;

    /// <summary>Makes the report.</summary>
    /// <param name="clusterId">The cluster id.</param>
    /// <param name="cancellationToken">Ends the calls.</param>
    /// <exception cref="KubernetesApiException">The API server refused a list.</exception>
    public async Task<KeyReport> RunAsync(string clusterId, CancellationToken cancellationToken)
    {
        var (classes, _) = await ResourceListing.ReadAsync(api, ResourceTypes.KeyClasses, cancellationToken);
        var (keys, unreadableKeys) = await ResourceListing.ReadAsync(api, ResourceTypes.ServiceKeys, cancellationToken);
        var (replicas, unreadableReplicas) = await ResourceListing.ReadAsync(api, ResourceTypes.KeyReplicas, cancellationToken);
        var errors = new ConcurrentBag<(string Subject, string Message)>(unreadableKeys.Concat(unreadableReplicas).Select(one => ($"{one.Kind} {NamespacedName.Of(one)}", one.Message)));
        var rows = new ConcurrentBag<KeyRow>();
        await Parallel.ForEachAsync(
            keys.Concat<IKeyResource>(replicas).Where(resource => resource.Status?.KeyId is not null),
            new ParallelOptions { MaxDegreeOfParallelism = Concurrency, CancellationToken = cancellationToken },
            async (resource, stop) =>
            {
                var (row, error) = await ReadAsync(resource, PrimaryOf(resource, keys), classes, stop);
                rows.Add(row);
                if (error is not null)
                {
                    errors.Add(($"{resource.Kind} {NamespacedName.Of(resource)}", error));
                }
            });

        var orphans = await new OrphanSearch(new ListedResources(api), regions, time).RunAsync(clusterId, cancellationToken);
        return new KeyReport(
            time.GetUtcNow(), clusterId, [.. Completed([.. rows]), .. orphans.Orphans.Select(OrphanOf)], [.. Sentences(errors), .. orphans.Errors]);
    }

    /// <summary>A sentence for each error. Keys of one account often have the same.</summary>
    private static IEnumerable<string> Sentences(IEnumerable<(string Subject, string Message)> errors) => errors
        .GroupBy(one => one.Message, one => one.Subject)
        .Select(group => (Subjects: group.Order(StringComparer.Ordinal).ToArray(), Message: group.Key))
        .Select(one => $"{one.Subjects[0]}{(one.Subjects.Length > 1 ? $" and {one.Subjects.Length - 1} more" : "")}: {one.Message}")
        .Order(StringComparer.Ordinal);

    private async Task<(KeyRow Row, string? Error)> ReadAsync(IKeyResource resource, ServiceKey? primary, List<KeyClass> classes, CancellationToken cancellationToken)
    {
        var status = resource.Status!;
        var row = new KeyRow
        {
            Owner = KeyOwner.PathOf(resource.Kind, resource.Metadata.Namespace, resource.Metadata.Name),
            AccountId = status.AccountId ?? "",
            Region = status.Region ?? "",
            KeyId = status.KeyId,
            Alias = status.AliasName,
            Ready = ResourceConditions.Find(status.Conditions, ConditionTypes.Ready)?.Reason,
        };
        if (classes.Find(one => one.Metadata.Name == status.ClassName) is not { } keyClass)
        {
            return (row, $"KeyClass {status.ClassName} is gone, and with it the credentials.");
        }

        var access = ResolvedKey.AccessOf(keyClass, row.Region);
        try
        {
            var account = await regions.GetAccountIdAsync(access, DateTimeOffset.MinValue, cancellationToken);
            return account == row.AccountId
                ? await ReadAsync(row, regions.For(access), key => Lint(key, resource, primary, keyClass), cancellationToken)
                : (row, $"the key is in account {row.AccountId}, the credentials at hand belong to {account}.");
        }
        catch (Exception e) when (AwsFailure.Of(e, cancellationToken) is { } failure)
        {
            return (row, AwsFailureAdvice.Explain(failure));
        }
    }

    private static ServiceKey? PrimaryOf(IKeyResource resource, List<ServiceKey> keys) => resource is KeyReplica { Spec.PrimaryRef.Name: { } name }
        ? keys.Find(key => key.Metadata.Name == name && key.Metadata.Namespace == resource.Metadata.Namespace)
        : null;

    private static IReadOnlyList<PolicyFinding> Lint(ObservedKey key, IKeyResource resource, ServiceKey? primary, KeyClass keyClass)
    {
        AccessSpec?[] accesses = [keyClass.Spec.Access, primary?.Spec.Access, (resource as ServiceKey)?.Spec.Access, (resource as KeyReplica)?.Spec.Access];
        var location = new KeyLocation(resource.Status!.AccountId ?? "", resource.Status.Region ?? "");
        var policy = ManifestLinter.Read(key.Policy, location, key.KeySpec, key.KeyUsage, [.. accesses.SelectMany(access => access?.TrustedAccounts ?? [])]);
        return [.. PolicyLinter.Lint(policy).Where(found => !LintIgnore.Covers(found.Rule, resource, keyClass))];
    }

    private static async Task<(KeyRow Row, string? Error)> ReadAsync(
        KeyRow row, RegionalClients region, Func<ObservedKey, IReadOnlyList<PolicyFinding>> lint, CancellationToken cancellationToken)
    {
        var kms = region.Clients.Reading;
        if (await KeyObserver.ObserveAsync(kms, row.KeyId!, cancellationToken) is not { } key)
        {
            return (row, $"KMS does not know {row.KeyId}.");
        }

        row = row with
        {
            State = key.KeyState,
            RotationDays = key.Rotation is { } rotation ? rotation.Enabled ? rotation.PeriodDays : 0 : null,
            Audience = PolicyAudience.Of(key.Policy, row.AccountId),
            Findings = lint(key),
        };
        if (key.Rotation is not null)
        {
            var (count, last) = await RotationHistory.ReadAsync(kms, row.KeyId!, cancellationToken);
            row = row with { Rotations = count, LastRotation = last };
        }

        return (row with { LastUsed = (await KeyObserver.GetLastUseAsync(kms, row.KeyId!, cancellationToken))?.At }, null);
    }

    /// <summary>Sorted, and replicas with the rotations of their primary, which KMS counts for them too.</summary>
    private static IEnumerable<KeyRow> Completed(KeyRow[] rows)
    {
        var rotations = rows.Where(row => row.Rotations is not null).DistinctBy(row => row.KeyId).ToDictionary(row => row.KeyId!);
        return rows
            .Select(row => row.Rotations is null && rotations.TryGetValue(row.KeyId!, out var primary)
                ? row with { Rotations = primary.Rotations, LastRotation = primary.LastRotation, RotationDays = primary.RotationDays }
                : row)
            .OrderBy(row => row.AccountId, StringComparer.Ordinal).ThenBy(row => row.Region, StringComparer.Ordinal).ThenBy(row => row.Owner, StringComparer.Ordinal);
    }

    private static KeyRow OrphanOf(KeyFinding finding) => new()
    {
        Owner = finding.Owner,
        AccountId = finding.Key.AccountId,
        Region = finding.Key.Region,
        KeyId = finding.Key.KeyId,
        State = finding.Key.State,
        Orphaned = finding.Why,
    };
}
