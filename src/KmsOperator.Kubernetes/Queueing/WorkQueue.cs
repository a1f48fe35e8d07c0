namespace KmsOperator.Kubernetes;

public sealed class WorkQueue<TKey>(TimeProvider time, Random random) where TKey : notnull
{
    public int Depth => throw new NotImplementedException($"{time}{random}");
    public long Adds => throw new NotImplementedException();
    public long Retries => throw new NotImplementedException();
    public void Add(TKey key) => throw new NotImplementedException();
    public void AddAfter(TKey key, TimeSpan delay) => throw new NotImplementedException();
    public TimeSpan AddWithBackoff(TKey key) => throw new NotImplementedException();
    public void Forget(TKey key) => throw new NotImplementedException();
    public ValueTask<(bool Taken, TKey Key)> TakeAsync(CancellationToken cancellationToken) => throw new NotImplementedException();
    public void Done(TKey key) => throw new NotImplementedException();
    public void ShutDown() => throw new NotImplementedException();
}
