using KmsOperator.Api;
using Microsoft.Extensions.Logging;

namespace KmsOperator.Kubernetes;

public sealed class Reflector<T>(
    IKubernetesApi api, ResourceType<T> type, ResourceStore<T> store, ReflectorOptions<T> options, TimeProvider time, Random random, ILogger logger)
    where T : class, IResource
{
    public Task RunAsync(CancellationToken cancellationToken) => throw new NotImplementedException($"{api}{type}{store}{options}{time}{random}{logger}");
}

public sealed record ReflectorOptions<T> where T : class, IResource
{
    public IReadOnlyList<string> Namespaces { get; init; } = [];
    public int PageSize { get; init; } = 500;
    public Func<T, T>? Transform { get; init; }
}
