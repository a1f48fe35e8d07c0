using System.Globalization;
using System.Text.Json;
using KmsOperator.Api;
using KmsOperator.Kinds;
using KmsOperator.Kubernetes;
using Microsoft.Extensions.Logging.Abstractions;

namespace KmsOperator.MicroBenchmarks;

/// <summary>
/// What the ServiceKeys of a cluster take in the operator's cache, its indexes included. They come as lines of a watch, 20 for each class and account, each with a name, ids, alias and hashes of its own.
/// </summary>
internal static class CacheMemory
{
    private const int KeysPerClass = 20;

    /// <summary>Fills a cache, and says what is in use after that and was not before.</summary>
    /// <param name="count">How many ServiceKeys.</param>
    /// <param name="output">Gets one line.</param>
    public static void Measure(int count, TextWriter output)
    {
        var caches = new ResourceCaches(NullLoggerFactory.Instance);
        caches.ServiceKeys.Set(Read(count));
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var i = 0; i < count; i++)
            caches.ServiceKeys.Set(Read(i));
        var bytes = GC.GetTotalMemory(forceFullCollection: true) - before;
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{count:N0} ServiceKeys of {count / KeysPerClass:N0} classes in the cache: {bytes / 1048576.0:0.0} MiB, {bytes / 1024.0 / count:0.0} KiB each"));
        GC.KeepAlive(caches);
    }

    private static ServiceKey Read(int i)
    {
        var keyId = new Guid(i, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10).ToString();
        var (account, name) = ($"{100000000000 + (i / KeysPerClass)}", $"key-{i}");
        var resource = SampleKey.Resource with
        {
            Metadata = SampleKey.Resource.Metadata with { Name = name, Uid = new Guid(i, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1).ToString(), ResourceVersion = $"{1000000 + i}" },
            Spec = SampleKey.Resource.Spec with { ClassName = $"class-{i / KeysPerClass}" },
            Status = SampleKey.Resource.Status! with
            {
                KeyId = keyId,
                Arn = $"arn:aws:kms:us-east-1:{account}:key/{keyId}",
                AccountId = account,
                AliasName = $"alias/acme/{name}",
                AliasArn = $"arn:aws:kms:us-east-1:{account}:alias/acme/{name}",
                ClassName = $"class-{i / KeysPerClass}",
                PolicySha256 = $"{i:x64}",
                DesiredSha256 = $"{i + 1:x64}",
                LastVerifiedAt = DateTimeOffset.UnixEpoch.AddSeconds(i),
                LastChangedAt = DateTimeOffset.UnixEpoch.AddSeconds(i),
            },
        };
        var line = JsonSerializer.SerializeToUtf8Bytes(new { type = "ADDED", @object = JsonSerializer.SerializeToElement(resource, ApiJsonContext.Default.ServiceKey) });
        return WatchLine.Parse(ResourceTypes.ServiceKeys, line, isWhole: true).Resource!;
    }
}
