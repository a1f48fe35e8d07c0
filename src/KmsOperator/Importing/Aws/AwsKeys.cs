using System.Collections.Concurrent;
using Amazon.KeyManagementService;
using KmsOperator.Aws;
using KmsOperator.Importing.Reporting;
using KmsOperator.Planning;

namespace KmsOperator.Importing.Aws;

/// <summary>Keys that KMS has and nobody declares: customer managed ones, by reads alone.</summary>
/// <param name="regions">Clients of the ambient credentials.</param>
/// <param name="time">The clock.</param>
internal sealed class AwsKeys(RegionalClientFactory regions, TimeProvider time)
{
    private const int Concurrency = 8;

    /// <summary>The keys of some Regions.</summary>
    /// <param name="names">Regions.</param>
    /// <param name="aliasPrefix">Only keys with an alias <c>alias/{aliasPrefix}…</c>; null for all.</param>
    /// <param name="cancellationToken">Ends the calls.</param>
    public async Task<ForeignKeys> ReadAsync(IReadOnlyList<string> names, string? aliasPrefix, CancellationToken cancellationToken)
    {
        var keys = new ConcurrentBag<ForeignKey>();
        var left = new ConcurrentBag<Leftover>();
        foreach (var region in names.Distinct())
        {
            try
            {
                await ReadRegionAsync(region, aliasPrefix, keys, left, cancellationToken);
            }
            catch (Exception exception) when (AwsFailure.Of(exception, cancellationToken) is { } failure)
            {
                return ForeignKeys.Failed($"AWS, {region}", 0, KeyReport.OneLine(AwsFailureAdvice.Explain(failure)));
            }
        }

        return keys.IsEmpty && left.IsEmpty
            ? ForeignKeys.Failed($"AWS, {string.Join(", ", names)}", 0, $"there is no customer managed key{(aliasPrefix is null ? "" : $" with an alias that begins with alias/{aliasPrefix}")}. Look if the Region is the right one, and whose account the credentials are for (aws sts get-caller-identity)")
            : new ForeignKeys { Keys = [.. keys], Left = [.. left.OrderBy(one => one.Subject, StringComparer.Ordinal)] };
    }

    private async Task ReadRegionAsync(string region, string? aliasPrefix, ConcurrentBag<ForeignKey> keys, ConcurrentBag<Leftover> left, CancellationToken cancellationToken)
    {
        var clients = regions.For(new AwsAccess(null, null, region));
        var aliases = (await clients.Aliases.GetAsync(time.GetUtcNow(), cancellationToken)).ToLookup(alias => alias.Value, alias => alias.Key);
        var ids = (await KeyListing.ListIdsAsync(clients.Clients.Reading, cancellationToken))
            .Where(id => aliasPrefix is null || aliases[id].Any(alias => alias.StartsWith(AliasName.Prefix + aliasPrefix, StringComparison.Ordinal)));
        await Parallel.ForEachAsync(
            ids,
            new ParallelOptions { MaxDegreeOfParallelism = Concurrency, CancellationToken = cancellationToken },
            async (id, stop) => await ReadKeyAsync(clients.Clients.Reading, id, [.. aliases[id].Order(StringComparer.Ordinal)], keys, left, stop));
    }

    private static async Task ReadKeyAsync(
        IAmazonKeyManagementService kms, string id, string[] aliases, ConcurrentBag<ForeignKey> keys, ConcurrentBag<Leftover> left, CancellationToken cancellationToken)
    {
        try
        {
            if (await KeyObserver.DescribeAsync(kms, id, cancellationToken) is not { IsAwsManaged: false } described)
            {
                return;
            }

            if (KeyStates.IsPendingDeletion(described.KeyState))
            {
                left.Add(new Leftover(described.Arn, "its deletion is scheduled; cancel that first (CancelKeyDeletion) if it is to stay"));
            }
            else if (described.Origin != "AWS_KMS")
            {
                left.Add(new Leftover(described.Arn, $"its origin is {described.Origin}: {ForeignKey.OfAnotherOrigin(null)}"));
            }
            else if (await KeyObserver.ObserveAsync(kms, id, cancellationToken) is { } key)
            {
                keys.Add(Of(key, aliases));
            }
        }
        catch (AmazonKeyManagementServiceException exception) when (AwsFailure.Of(exception) is { Kind: AwsFailureKind.AccessDenied } failure)
        {
            left.Add(new Leftover(id, $"may not be read: {AwsFailureAdvice.Explain(failure)}"));
        }
        catch (AmazonKeyManagementServiceException exception) when (AwsFailure.Of(exception)!.Kind == AwsFailureKind.NotFound)
        {
            // Deleted meanwhile.
        }
    }

    private static ForeignKey Of(ObservedKey key, string[] aliases) => new()
    {
        Arn = key.Arn,
        Description = key.Description,
        KeySpec = key.KeySpec,
        KeyUsage = key.KeyUsage,
        Enabled = key.KeyState != KeyStates.Disabled,
        MultiRegion = key.MultiRegion,
        PrimaryArn = key.MultiRegionKeyType == "REPLICA" ? key.Arn.Replace($":{ForeignKey.RegionOf(key.Arn)}:", $":{key.PrimaryRegion}:", StringComparison.Ordinal) : null,
        Rotation = key.Rotation is { } rotation ? new ForeignRotation(rotation.Enabled, rotation.PeriodDays) : null,
        Policy = key.Policy,
        Tags = key.Tags,
        Aliases = aliases,
    };
}
