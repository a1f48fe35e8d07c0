using KmsOperator.Hosting;
using KmsOperator.Kubernetes;
using KmsOperator.Testing.Running;
using Xunit;

namespace KmsOperator.UnitTests.Hosting;

public sealed class IdleCollectionTests : IDisposable
{
    private readonly TestThread _thread = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _listed = new();
    private readonly WorkQueue<NamespacedName> _queue;
    private readonly Task _running;
    private int _collections;
    private long _objects;

    public IdleCollectionTests()
    {
        _queue = new WorkQueue<NamespacedName>(_thread.Clock, new Random(1));
        _running = _thread.Start(() => new IdleCollection([_queue], () => _objects, () => _collections++, _thread.Clock).RunAsync(_listed.Task, _stop.Token));
    }

    [Fact]
    public void Garbage_of_the_start_is_collected_once_when_the_caches_are_filled()
    {
        _thread.RunFor(TimeSpan.FromMinutes(1));
        Assert.Equal(0, _collections);

        _listed.SetResult();
        _thread.RunFor(TimeSpan.FromHours(1));
        Assert.Equal(1, _collections);
    }

    [Fact]
    public void Nothing_is_collected_while_resources_wait_for_a_worker()
    {
        Add(1);
        _listed.SetResult();
        _thread.RunFor(TimeSpan.FromMinutes(1));
        Assert.Equal(0, _collections);

        Work();
        _thread.RunFor(IdleCollection.Period);
        Assert.Equal(1, _collections);
    }

    [Theory]
    [InlineData(999, 1)] // Few reconciles leave little.
    [InlineData(1000, 2)]
    public void A_burst_is_collected_after_it(int resources, int expected)
    {
        _listed.SetResult();
        _thread.RunFor(IdleCollection.Period);

        Add(resources);
        Work();
        _thread.RunFor(TimeSpan.FromMinutes(1));
        Assert.Equal(expected, _collections);
    }

    [Theory]
    [InlineData(999, 1)]
    [InlineData(1000, 2)]
    public void The_garbage_of_a_new_list_is_collected_although_nothing_is_to_be_reconciled(int objects, int expected)
    {
        _listed.SetResult();
        _thread.RunFor(IdleCollection.Period);

        _objects += objects;
        _thread.RunFor(TimeSpan.FromMinutes(1));
        Assert.Equal(expected, _collections);
    }

    public void Dispose()
    {
        _stop.Cancel();
        _thread.RunUntilIdle();
        Assert.True(_running.IsCanceled);
        _queue.Dispose();
        _stop.Dispose();
    }

    private void Add(int resources)
    {
        foreach (var number in Enumerable.Range(0, resources))
        {
            _queue.Add(new NamespacedName("a", $"{number}"));
        }
    }

    private void Work()
    {
        while (_queue.Depth > 0)
        {
            var taken = _thread.Start(() => _queue.TakeAsync(CancellationToken.None).AsTask());
            _thread.RunUntilIdle();
            _queue.Done(taken.Result.Key);
        }
    }
}
