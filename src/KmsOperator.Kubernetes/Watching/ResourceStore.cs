using System.Diagnostics.CodeAnalysis;
using KmsOperator.Api;
using Microsoft.Extensions.Logging;

namespace KmsOperator.Kubernetes;

public sealed class ResourceStore<T>(ILogger logger) : IResourceStore<T> where T : class, IResource
{
    public int Count => throw new NotImplementedException();
    public Task WhenSynced => throw new NotImplementedException();
    public ResourceStore<T> AddIndex(string name, Func<T, string?> selector) => throw new NotImplementedException();
    public bool TryGet(ResourceKey key, [MaybeNullWhen(false)] out T resource) => throw new NotImplementedException();
    public IReadOnlyList<T> List() => throw new NotImplementedException();
    public IReadOnlyList<T> List(string @namespace) => throw new NotImplementedException();
    public IReadOnlyList<T> ListByIndex(string index, string value) => throw new NotImplementedException();
    public void Subscribe(Action<ResourceChange<T>> handler) => throw new NotImplementedException(logger.ToString());
}
