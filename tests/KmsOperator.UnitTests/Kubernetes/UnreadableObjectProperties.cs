using System.Text;
using CsCheck;
using KmsOperator.Api;
using KmsOperator.Kubernetes;
using Xunit;

namespace KmsOperator.UnitTests.Kubernetes;

/// <summary>Whatever is wrong with one object, all others of a list or a watch are read as if it were not there.</summary>
public sealed class UnreadableObjectProperties
{
    private static readonly ResourceType<ServiceKey> ServiceKeys = new(
        ApiGroup.Name, ApiGroup.Version, ServiceKey.Plural, ServiceKey.KindName, true, ApiJsonContext.Default.ServiceKey, ApiJsonContext.Default.ResourceListServiceKey)
    {
        MaxObjectBytes = 100_000,
    };

    private static readonly string Deep = string.Concat(Enumerable.Repeat("""{"a":""", 200)) + "1" + new string('}', 200);

    private static readonly string[] Wrong =
    [
        "null", "true", "1", "1e999", "[]", "{}", "[[[[]]]]", "\"text\"", "\"\\ud800\"", "\"\\u0000\"", Deep, new string('[', 5_000) + new string(']', 5_000),
        $"\"{new string('x', 200_000)}\"", """{"name":1,"name":[]}""", "-0", "\"2030-99-99T00:00:00Z\"",
    ];

    /// <summary>Fields of an object with their values, as its text has them.</summary>
    private static readonly (string Name, string Value)[] Fields =
    [
        ("kind", "\"ServiceKey\""), ("name", "\"bad\""), ("namespace", "\"ns\""), ("uid", "\"uid-bad\""), ("resourceVersion", "\"7\""), ("generation", "5"),
        ("deletionTimestamp", "\"2030-01-02T03:04:05Z\""), ("finalizers", "[\"f\"]"), ("labels", "{\"l\":\"v\"}"), ("service", "\"s3\""), ("multiRegion", "true"),
        ("replicaRegions", "[\"eu-west-1\"]"), ("override", "{\"Version\":\"2012-10-17\"}"), ("status", "{\"observedGeneration\":1}"),
    ];

    private static readonly Gen<string> Corrupted =
        Gen.Select(Gen.Int[0, Fields.Length - 1], Gen.Int[0, Wrong.Length - 1]).Array[1, 3].Select(
            changes => changes.Aggregate(Object("bad"), (text, change) => With(text, Fields[change.Item1], Wrong[change.Item2])));

    private static readonly Gen<int> PieceSize = Gen.OneOf(Gen.Int[1, 50], Gen.Int[1_000, 100_000]);

    [Fact]
    public void A_broken_object_in_a_list_changes_nothing_for_the_others() =>
        Gen.Select(Corrupted, Gen.Int[0, 3], PieceSize).Sample((bad, position, pieces) =>
        {
            var objects = new List<string> { Object("a"), Object("b"), Object("c") };
            objects.Insert(position, bad);

            var page = Read($$$"""{"kind":"ServiceKeyList","items":[{{{string.Join(",", objects)}}}],"metadata":{"resourceVersion":"10","continue":"more"}}""", pieces);

            Assert.Equal(["a", "b", "c"], page.Items.Select(item => item.Metadata.Name).Where(name => name is "a" or "b" or "c"));
            Assert.Equal(4, page.Items.Count + page.Unreadable.Count);
            Assert.Equal(("10", "more"), (page.Metadata.ResourceVersion, page.Metadata.Continue));
        }, iter: 2_000);

    [Fact]
    public void A_broken_line_in_a_watch_changes_nothing_for_the_others() =>
        Gen.Select(Corrupted, Gen.Int[0, 400], Gen.Int[0, 255]).Sample((bad, position, value) =>
        {
            // Also broken as JSON: any byte anywhere.
            var broken = Encoding.UTF8.GetBytes($$"""{"type":"MODIFIED","object":{{bad}}}""");
            if (value != '\n' && position < broken.Length)
                broken[position] = (byte)value;
            byte[] watch = [.. Line(Object("a")), .. broken, (byte)'\n', .. Line(Object("b"))];

            var events = ReadWatch(watch, 1_000_000);

            Assert.Equal(3, events.Count);
            Assert.Equal(["a", "b"], [events[0].Resource!.Metadata.Name, events[2].Resource!.Metadata.Name]);
            Assert.True((events[1].Resource is null) != (events[1].Unreadable is null));
        }, iter: 2_000);

    // What is wrong, the reason and the message, why.
    public static TheoryData<string, UnreadableReason, string> Faults => new()
    {
        { Object("bad").Replace("{\"Version\":\"2012-10-17\"}", Deep, StringComparison.Ordinal), UnreadableReason.Malformed, "The object nests deeper than 64 levels. Correct it." },
        { Object("bad").Replace("\"s3\"", "[1]", StringComparison.Ordinal), UnreadableReason.Malformed, "The value of spec.service has the wrong type or format. Correct it." },
        { Object("bad").Replace("\"s3\"", $"\"{new string('x', 200_000)}\"", StringComparison.Ordinal), UnreadableReason.TooLarge, "The object is larger than 97 KiB. Make it smaller." },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void A_broken_object_is_described_as_far_as_it_can_be_read(string json, UnreadableReason reason, string message)
    {
        var unreadable = Assert.Single(Read($$"""{"metadata":{"resourceVersion":"10"},"items":[{{json}}]}""", 100_000).Unreadable);

        Assert.Equal((reason, message), (unreadable.Reason, unreadable.Message));
        var metadata = unreadable.Metadata;
        Assert.Equal(("ServiceKey", "ns", "bad", "uid-bad", "7", 5), (unreadable.Kind, metadata.Namespace, metadata.Name, metadata.Uid, metadata.ResourceVersion, metadata.Generation));
        Assert.Equal(["f"], metadata.Finalizers!);
        Assert.Equal(new DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.Zero), metadata.DeletionTimestamp);
    }

    [Fact]
    public void ManagedFields_do_not_count_towards_the_size_of_an_object()
    {
        var json = Object("large").Replace("\"finalizers\"", $"\"managedFields\":[\"{new string('x', 200_000)}\"],\"finalizers\"", StringComparison.Ordinal);

        Assert.Equal("large", Assert.Single(Read($$"""{"metadata":{"resourceVersion":"10"},"items":[{{json}}]}""", 100_000).Items).Metadata.Name);
    }

    [Fact]
    public void A_line_of_a_watch_that_is_too_long_is_described_by_its_beginning_and_the_next_one_is_read()
    {
        byte[] watch = [.. Line(Object("bad").Replace("\"s3\"", $"\"{new string('x', 200_000)}\"", StringComparison.Ordinal)), .. Line(Object("b"))];

        var events = ReadWatch(watch, longest: 20_000);

        Assert.Equal((UnreadableReason.TooLarge, "bad", "7"), (events[0].Unreadable!.Reason, events[0].Unreadable!.Metadata.Name, events[0].ResourceVersion));
        Assert.Equal("b", events[1].Resource!.Metadata.Name);
    }

    [Fact]
    public async Task What_a_kind_does_not_want_to_keep_is_gone_before_the_object_leaves_the_page()
    {
        var type = ServiceKeys with { ToCached = key => key with { Spec = new() { Service = key.Spec.Service } } };
        var list = new Pieces(Encoding.UTF8.GetBytes($$"""{"metadata":{},"items":[{{Object("a")}}]}"""), 100);
        var page = await new ListPageReader<ServiceKey>(list, type).ReadAsync(CancellationToken.None);

        Assert.Equal(new ServiceKeySpec { Service = "s3" }, page.Items.Single().Spec);
    }

    [Fact]
    public async Task A_list_of_120_objects_of_1_4_MB_needs_memory_for_one_of_them()
    {
        const int Objects = 120;
        const int Size = 1_400_000;
        var large = Encoding.UTF8.GetBytes(Object("bad").Replace("\"s3\"", $"\"{new string('x', Size)}\"", StringComparison.Ordinal));
        var list = new Repeated("""{"metadata":{"resourceVersion":"10"},"items":["""u8.ToArray(), large, Objects, "]}"u8.ToArray());
        var before = GC.GetAllocatedBytesForCurrentThread();

        // The stream answers at once, so all of it runs on this thread.
        var reading = new ListPageReader<ServiceKey>(list, ServiceKeys).ReadAsync(CancellationToken.None);
        Assert.True(reading.IsCompletedSuccessfully);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        var page = await reading;
        Assert.Equal(Objects, page.Unreadable.Count);
        Assert.True(page.Bytes > Objects * (long)Size);
        // The buffer's doublings: 128 KiB to 2 MiB.
        Assert.True(allocated < 4 * Size, $"{allocated} bytes");
    }

    private static string With(string text, (string Name, string Value) field, string value) =>
        text.Replace($"\"{field.Name}\":{field.Value}", $"\"{field.Name}\":{value}", StringComparison.Ordinal);

    private static string Object(string name) =>
        $$$$"""{"apiVersion":"kms.servicekey.dev/v1alpha1","kind":"ServiceKey","metadata":{"name":"{{{{name}}}}","namespace":"ns","uid":"uid-{{{{name}}}}","resourceVersion":"7","generation":5,"deletionTimestamp":"2030-01-02T03:04:05Z","finalizers":["f"],"labels":{"l":"v"}},"spec":{"service":"s3","multiRegion":true,"replicaRegions":["eu-west-1"],"policy":{"override":{"Version":"2012-10-17"}}},"status":{"observedGeneration":1}}""";

    private static byte[] Line(string json) => Encoding.UTF8.GetBytes($$"""{"type":"ADDED","object":{{json}}}""" + "\n");

    private static ResourceList<ServiceKey> Read(string json, int pieces)
    {
        var bytes = Encoding.UTF8.GetBytes(json);
        var reading = new ListPageReader<ServiceKey>(new Pieces(bytes, pieces), ServiceKeys).ReadAsync(CancellationToken.None);
        return reading.GetAwaiter().GetResult();
    }

    private static List<WatchEvent<ServiceKey>> ReadWatch(byte[] bytes, int longest)
    {
        var lines = new WatchLineReader(new Pieces(bytes, 10_000), longest);
        var events = new List<WatchEvent<ServiceKey>>();
        while (lines.ReadAsync(CancellationToken.None).GetAwaiter().GetResult() is { } line)
            events.Add(WatchLine.Parse(ServiceKeys, line.Bytes.Span, line.IsWhole));
        return events;
    }

    /// <summary>A stream that gives a few bytes at a time.</summary>
    private sealed class Pieces(byte[] bytes, int size) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            ValueTask.FromResult(Read(buffer.Span[..Math.Min(buffer.Length, size)]));
    }

    /// <summary>A list of one object many times over, which is never in memory as a whole.</summary>
    private sealed class Repeated(byte[] head, byte[] item, int count, byte[] tail) : MemoryStream
    {
        private int _part;
        private int _offset;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var copied = 0;
            while (copied < buffer.Length && _part < (2 * count) + 1)
            {
                // head, item, comma, item, …, tail
                ReadOnlySpan<byte> part = _part == 0 ? head : _part == 2 * count ? tail : _part % 2 == 1 ? item : ","u8;
                var length = Math.Min(part.Length - _offset, buffer.Length - copied);
                part.Slice(_offset, length).CopyTo(buffer.Span[copied..]);
                copied += length;
                _offset += length;
                if (_offset == part.Length)
                    (_part, _offset) = (_part + 1, 0);
            }
            return ValueTask.FromResult(copied);
        }
    }
}
