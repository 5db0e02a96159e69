'use strict';
(() => {
  const id = name => document.getElementById(name);
  const q = id('q'), count = id('n');
  document.documentElement.classList.add('js');

  // What can be found: frames of the current stack, breadcrumbs, groups with all that is in them.
  const all = [...document.querySelectorAll('.f,.g,.tl li')];
  const items = all.filter(e => !e.parentElement.closest('.g'));
  const texts = items.map(e => e.textContent.toLowerCase());
  const folds = [...document.querySelectorAll('.fold')];
  let open = null; // what was open before the search

  function search() {
    const want = q.value.trim().toLowerCase();
    if (want && !open) open = new Map([...document.querySelectorAll('main details')].map(e => [e, e.open]));
    let found = 0;
    items.forEach((e, i) => {
      const hit = !want || texts[i].includes(want);
      e.classList.toggle('off', !hit);
      if (hit) found++;
      if (want && hit && e.matches('.g')) e.open = true;
    });
    for (const e of folds) {
      const has = !want || e.closest('.g') || e.querySelector('.f:not(.off),.g:not(.off)');
      e.classList.toggle('off', !has);
      if (want && has) e.open = true;
    }
    if (!want && open) {
      open.forEach((was, e) => { e.open = was; });
      open = null;
    }
    count.textContent = want ? found + ' found' : '';
  }

  q.addEventListener('input', search);
  addEventListener('keydown', e => {
    if (e.key === '/' && document.activeElement !== q) {
      e.preventDefault();
      q.focus();
    }
    if (e.key === 'Escape') {
      q.value = '';
      search();
      q.blur();
    }
  });

  id('cp').addEventListener('click', async e => {
    const text = id('ticket').textContent, button = e.currentTarget;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.createElement('textarea');
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand('copy');
      area.remove();
    }
    button.textContent = 'Copied';
    setTimeout(() => { button.textContent = 'Copy for a ticket'; }, 2000);
  });
})();
