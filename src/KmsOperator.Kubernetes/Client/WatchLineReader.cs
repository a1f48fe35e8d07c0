namespace KmsOperator.Kubernetes;

/// <summary>Cuts a watch's stream into lines. A line that the stream ends in the middle of is an error, never a line.</summary>
/// <param name="stream">The watch.</param>
/// <param name="longest">Bytes of a line that are kept; the rest of a longer one is read and dropped.</param>
internal sealed class WatchLineReader(Stream stream, int longest = WatchLineReader.LongestLine)
{
    /// <summary>Several times what etcd stores.</summary>
    public const int LongestLine = 16 * 1024 * 1024;

    private const int FirstBuffer = 16 * 1024;

    private byte[] _buffer = new byte[Math.Min(FirstBuffer, longest)];
    private int _start;
    private int _end;

    /// <summary>The next line, valid until the next call; null at the end of the stream.</summary>
    public async Task<(ReadOnlyMemory<byte> Bytes, bool IsWhole)?> ReadAsync(CancellationToken cancellationToken)
    {
        var scanned = 0;
        if (_start == _end)
        {
            // A buffer that grew for one large line is not kept for the hours that a watch may last.
            (_start, _end) = (0, 0);
            if (_buffer.Length > FirstBuffer)
                _buffer = new byte[FirstBuffer];
        }
        while (true)
        {
            var length = _buffer.AsSpan(_start + scanned, _end - _start - scanned).IndexOf((byte)'\n');
            if (length >= 0)
            {
                var line = _buffer.AsMemory(_start, scanned + length);
                _start += line.Length + 1;
                if (line.Length > 0)
                    return (line, true);
                scanned = 0;
                continue;
            }
            scanned = _end - _start;
            if (scanned >= longest)
                return (await DropRestAsync(cancellationToken), false);
            MakeRoom();
            var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            if (read == 0)
                return scanned == 0 ? null : throw InTheMiddle();
            _end += read;
        }
    }

    /// <summary>Reads to the end of a line that is too long, and returns its beginning.</summary>
    private async Task<ReadOnlyMemory<byte>> DropRestAsync(CancellationToken cancellationToken)
    {
        var beginning = _buffer.AsMemory(_start, _end - _start);
        var rest = new byte[FirstBuffer];
        while (true)
        {
            var read = await stream.ReadAsync(rest, cancellationToken);
            if (read == 0)
                throw InTheMiddle();
            var end = rest.AsSpan(0, read).IndexOf((byte)'\n');
            if (end < 0)
                continue;

            // What follows belongs to the next line.
            _buffer = rest;
            (_start, _end) = (end + 1, read);
            return beginning;
        }
    }

    private static IOException InTheMiddle() => new("The watch ended in the middle of a line.");

    private void MakeRoom()
    {
        if (_end < _buffer.Length)
            return;
        var target = _start == 0 ? new byte[Math.Min(_buffer.Length * 2L, Math.Max(longest, _buffer.Length + 1L))] : _buffer;
        _buffer.AsSpan(_start, _end - _start).CopyTo(target);
        (_buffer, _start, _end) = (target, 0, _end - _start);
    }
}
