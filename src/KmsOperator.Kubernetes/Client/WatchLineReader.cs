namespace KmsOperator.Kubernetes;

/// <summary>Cuts a watch's stream into lines. A line that the stream ends in the middle of is an error, never a line.</summary>
internal sealed class WatchLineReader(Stream stream)
{
    private byte[] _buffer = new byte[16 * 1024];
    private int _start;
    private int _end;

    /// <summary>The next line, valid until the next call; null at the end of the stream.</summary>
    public async Task<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken)
    {
        var scanned = 0;
        while (true)
        {
            var length = _buffer.AsSpan(_start + scanned, _end - _start - scanned).IndexOf((byte)'\n');
            if (length >= 0)
            {
                var line = _buffer.AsMemory(_start, scanned + length);
                _start += line.Length + 1;
                if (line.Length > 0)
                    return line;
                scanned = 0;
                continue;
            }
            scanned = _end - _start;
            MakeRoom();
            var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            if (read == 0)
                return scanned == 0 ? null : throw new IOException("The watch ended in the middle of a line.");
            _end += read;
        }
    }

    private void MakeRoom()
    {
        if (_end < _buffer.Length)
            return;
        var target = _start == 0 ? new byte[_buffer.Length * 2] : _buffer;
        _buffer.AsSpan(_start, _end - _start).CopyTo(target);
        (_buffer, _start, _end) = (target, 0, _end - _start);
    }
}
