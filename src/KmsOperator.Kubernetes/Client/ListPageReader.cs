using System.Text.Json;
using KmsOperator.Api;

namespace KmsOperator.Kubernetes;

/// <summary>Reads a page of a list object by object while it arrives, so that no more than one object is in memory as text.</summary>
/// <param name="stream">The page.</param>
/// <param name="type">Kind of its objects.</param>
internal sealed class ListPageReader<T>(Stream stream, ResourceType<T> type)
    where T : class, IResource
{
    private readonly List<T> _items = [];
    private readonly List<UnreadableObject> _unreadable = [];
    private byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;
    private long _bytes;
    private JsonReaderState _state = new(MetadataScan.AnyDepth);
    private Position _position = Position.Start;
    private ListMeta _metadata = new();

    private enum Position
    {
        Start,
        List,
        Items,
        End,
    }

    /// <exception cref="JsonException">The page itself, not an object in it, is not what a list is.</exception>
    public async Task<ResourceList<T>> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Parse();
            if (_position == Position.End)
                return new() { Metadata = _metadata, Items = _items, Unreadable = _unreadable, Bytes = _bytes };
            MakeRoom();
            // As much as there is room for: a large object is looked through again each time, but the room doubles each time.
            var room = _buffer.AsMemory(_end);
            var read = await stream.ReadAtLeastAsync(room, room.Length, throwOnEndOfStream: false, cancellationToken);
            if (read == 0)
                throw new IOException("The list ended in the middle.");
            _end += read;
            _bytes += read;
        }
    }

    /// <summary>Reads as far as whole values are in the buffer.</summary>
    private void Parse()
    {
        var reader = new Utf8JsonReader(_buffer.AsSpan(_start, _end - _start), isFinalBlock: false, _state);
        int consumed;
        do
        {
            consumed = (int)reader.BytesConsumed;
            _state = reader.CurrentState;
        }
        while (_position != Position.End && TryStep(ref reader));
        _start += consumed;
    }

    /// <returns>False if the buffer has no whole value; what was read of it is read again.</returns>
    private bool TryStep(ref Utf8JsonReader reader)
    {
        if (!reader.Read())
            return false;
        switch (_position)
        {
            case Position.Start:
                _position = reader.TokenType == JsonTokenType.StartObject ? Position.List : throw new JsonException("A list is not an object.");
                return true;
            case Position.Items when reader.TokenType == JsonTokenType.EndArray:
                _position = Position.List;
                return true;
            case Position.Items:
                if (!TryTakeValue(ref reader, out var item))
                    return false;
                Add(item);
                return true;
            case Position.List when reader.TokenType == JsonTokenType.EndObject:
                _position = Position.End;
                return true;
            default:
                return TryField(ref reader);
        }
    }

    private bool TryField(ref Utf8JsonReader reader)
    {
        var isItems = reader.ValueTextEquals("items"u8);
        var isMetadata = reader.ValueTextEquals("metadata"u8);
        if (!reader.Read())
            return false;
        if (isItems && reader.TokenType == JsonTokenType.StartArray)
        {
            _position = Position.Items;
            return true;
        }
        if (!TryTakeValue(ref reader, out var value))
            return false;
        if (isMetadata)
            _metadata = JsonSerializer.Deserialize(value, ApiJsonContext.Default.ListMeta) ?? _metadata;
        return true;
    }

    private bool TryTakeValue(ref Utf8JsonReader reader, out ReadOnlySpan<byte> value)
    {
        value = default;
        var start = (int)reader.TokenStartIndex;
        if (!reader.TrySkip())
            return false;
        value = _buffer.AsSpan(_start + start, (int)reader.BytesConsumed - start);
        return true;
    }

    private void Add(ReadOnlySpan<byte> json)
    {
        if (ObjectReader.TryRead(type, json, out var resource, out var unreadable))
            _items.Add(resource);
        else
            _unreadable.Add(unreadable);
    }

    private void MakeRoom()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }
        if (_end == _buffer.Length)
            Array.Resize(ref _buffer, _buffer.Length * 2);
    }
}
